import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import type { ParamReader } from '../../offscreen/checkpoint/checkpoint.ts';
import { bytesOfBlob } from '../../offscreen/checkpoint/model-bytes.ts';
import { openParams } from '../../offscreen/checkpoint/params.ts';
import { convertPart } from '../../offscreen/graphs/build/convert.ts';
import type { EmittedGraph } from '../../offscreen/graphs/build/graph-builder.ts';

/** Opens the checkpoint in a folder: all of its safetensors files and their index. */
export async function openFolder(folder: string) {
  const names = (await readdir(folder)).filter((name) => /^model.*\.safetensors(\.index\.json)?$/.test(name));
  const files = await Promise.all(
    names.map(async (name) => [name, bytesOfBlob(new Blob([await readFile(path.join(folder, name))]))] as const),
  );
  return openParams(new Map(files));
}

/** Makes the files of a graph's weights in memory. */
export async function materialize(
  { parts }: EmittedGraph,
  reader: ParamReader,
): Promise<{ path: string; data: Buffer }[]> {
  return Promise.all(
    parts.map(async (part) => {
      const data = Buffer.alloc(part.bytes);
      await convertPart(part, reader, (offset, bytes) => data.set(bytes, offset), {
        signal: new AbortController().signal,
      });
      return { path: part.file, data };
    }),
  );
}

/** Opens a graph on onnxruntime's native CPU kernels: an implementation of the operators that browsers do not run. */
export async function openNodeSession(graph: EmittedGraph, reader: ParamReader): Promise<InferenceSession> {
  return InferenceSession.create(graph.model, { externalData: await materialize(graph, reader), logSeverityLevel: 3 });
}
