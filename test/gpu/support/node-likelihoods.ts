import { readFile } from 'node:fs/promises';
import { Tensor } from 'onnxruntime-node';
import { DECODER_IO, storageOf } from '../../../offscreen/graphs/graph.ts';
import { emitLlama } from '../../../offscreen/graphs/llama.ts';
import type { Precision } from '../../../src/protocol/hardware-names.ts';
import { openFolder, openNodeSession } from '../../support/node-graphs.ts';
import { surprise } from './page/surprise.ts';

const FOLDER = 'models/storyteller';

/** Negative log-likelihood of every document, by the packaged model's graph on the native kernels: nothing of a browser. */
export async function nodeLikelihoods(documents: readonly number[][], precision: Precision): Promise<number[]> {
  const { table, reader } = await openFolder(FOLDER);
  const config: unknown = JSON.parse(await readFile(`${FOLDER}/config.json`, 'utf8'));
  const graph = emitLlama(config, table, storageOf(precision));
  const session = await openNodeSession(graph, reader);
  const { layers, keyValueHeads, headSize, vocabularySize } = graph.shape;
  const caches = Object.fromEntries(
    Array.from({ length: layers }, (_, layer) =>
      (['key', 'value'] as const).map((part) => [
        DECODER_IO.past(layer, part),
        new Tensor('float32', new Float32Array(0), [1, keyValueHeads, 0, headSize]),
      ]),
    ).flat(),
  );
  const sums: number[] = [];
  for (const ids of documents) {
    const results = await session.run({
      [DECODER_IO.inputIds]: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
      [DECODER_IO.logitPositions]: new Tensor('int64', BigInt64Array.from(ids.keys(), BigInt), [ids.length]),
      [DECODER_IO.lastPosition]: new Tensor('int32', [ids.length - 1], [1]),
      [DECODER_IO.totalTokens]: new Tensor('int32', [ids.length], [1]),
      ...caches,
    });
    const logits = results[DECODER_IO.logits]?.data as Float32Array;
    const row = (at: number) => logits.subarray(at * vocabularySize, (at + 1) * vocabularySize);
    sums.push(ids.slice(1).reduce((sum, id, at) => sum + surprise(row(at), id), 0));
  }
  return sums;
}
