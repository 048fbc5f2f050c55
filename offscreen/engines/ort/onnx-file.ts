import type { InferenceSession } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { unsupported } from '../../graphs/config-fields.ts';
import { externalFiles } from '../../onnx/external.ts';
import { type OnnxHeader, readOnnxHeader } from '../../onnx/header.ts';
import type { Artifact } from '../../store/artifacts.ts';
import type { ModelReader } from '../../store/model-reader.ts';

/** A graph that others made, ready to be given to the runtime. */
export interface OnnxFile {
  readonly path: string;
  readonly header: OnnxHeader;
  /** Bytes of the graph and its weights. */
  readonly bytes: number;
  readonly artifact: Artifact;
}

/** Protobuf messages are no longer (https://protobuf.dev/programming-guides/proto-limits/). */
const MOST_GRAPH_BYTES = 2 ** 31 - 1;

/**
 * Brings a graph and its weights, checks what its source says of them, and reads what it declares.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`, `out-of-memory`
 */
export async function openOnnxFile(source: ModelReader, path: string): Promise<OnnxFile> {
  const { size } = await source.open(path);
  if (size > MOST_GRAPH_BYTES)
    throw unsupported('The graph is larger than 2 GiB: its weights belong in files beside it.');
  const blob = await source.blob(path);
  const model = new Uint8Array(
    await blob.arrayBuffer().catch(() => {
      throw new WebplatError('out-of-memory', undefined, { requested: size });
    }),
  );
  const header = readOnnxHeader(model);
  const external = externalFiles(path, header.external, source.paths);
  const parts = await Promise.all(
    external.map(async ({ location, path: data }) => ({ file: location, data: await source.blob(data) })),
  );
  const bytes = parts.reduce((sum, { data }) => sum + data.size, model.byteLength);
  return { path, header, bytes, artifact: { model, parts } };
}

/** What the runtime says of a graph, without the places in its own sources; undefined where it broke down. */
function statusOf(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : String(error);
  const [, status] = /ERROR_CODE: \d+, ERROR_MESSAGE: ([\s\S]*)$/.exec(message) ?? [];
  return status
    ?.replaceAll(/\/?[\w.-]+(\/[\w.-]+)+(:\d+)?/g, '')
    .replaceAll(/[^ -~]+/g, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
    .slice(0, 480);
}

/** The runtime does not take a graph, or breaks down over it. */
export function refusedGraph(error: unknown): WebplatError {
  const reason = statusOf(error);
  return reason === undefined
    ? new WebplatError('engine-failed')
    : new WebplatError('model-unsupported', undefined, { reason });
}

/** The runtime ran a graph and came upon something that does not fit; it goes on with other runs. */
export function refusedInputs(error: unknown): WebplatError | undefined {
  const reason = statusOf(error);
  return reason === undefined
    ? undefined
    : new WebplatError('invalid-request', 'The graph does not run on these inputs.', { field: 'inputs', reason });
}

/** Which inputs and outputs a session has are those of the file: nothing else is fed or fetched. */
export function assertSame({ inputNames, outputNames }: InferenceSession, { inputs, outputs }: OnnxHeader): void {
  const differs = (names: readonly string[], known: readonly string[]) => known.some((name) => !names.includes(name));
  const [fed, given] = [inputs, outputs].map((values) => values.map(({ name }) => name));
  if (differs(inputNames, fed ?? []) || differs(outputNames, given ?? [])) {
    throw unsupported('The runtime reads the graph in another way.');
  }
}
