import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { materialize, openFolder, openNodeSession } from '../../test/support/node-graphs.ts';
import { streamLayout, weightNames } from '../engines/ort/streaming/layout.ts';
import { familyOf } from '../families/registry.ts';
import type { PlannedWeight } from './build/recipe.ts';
import { DECODER_IO, type DecoderGraph, PIECE_IO, type Storage, storageOf } from './graph.ts';

const IDS = [1, 276, 360, 94, 371, 262];

type Feeds = Record<string, Tensor>;

function tensorOf({ element, dims, offset, bytes }: PlannedWeight, file: Buffer): Tensor {
  const { buffer } = Uint8Array.from(file.subarray(offset, offset + bytes));
  return element === 'float32'
    ? new Tensor('float32', new Float32Array(buffer), dims)
    : new Tensor('uint8', new Uint8Array(buffer), dims);
}

function emptyCaches({ shape }: DecoderGraph, layer: number): Feeds {
  const dims = [1, shape.keyValueHeads, 0, shape.headSize];
  const empty = () => new Tensor('float32', new Float32Array(0), dims);
  return { [DECODER_IO.past(layer, 'key')]: empty(), [DECODER_IO.past(layer, 'value')]: empty() };
}

const int64 = (values: readonly number[], dims: number[]) =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), dims);

const STEP: Feeds = {
  [DECODER_IO.logitPositions]: int64(
    IDS.map((_, at) => at),
    [IDS.length],
  ),
  [DECODER_IO.lastPosition]: new Tensor('int32', [IDS.length - 1], [1]),
  [DECODER_IO.totalTokens]: new Tensor('int32', [IDS.length], [1]),
};

/** A prompt as ids, or as vectors where a decoder takes these. */
function stepOf({ shape: { embeddings, hidden } }: DecoderGraph): Feeds {
  if (!embeddings) return { ...STEP, [DECODER_IO.inputIds]: int64(IDS, [1, IDS.length]) };
  const vectors = Float32Array.from({ length: IDS.length * hidden }, (_, at) => Math.sin(at));
  return { ...STEP, [DECODER_IO.inputsEmbeds]: new Tensor('float32', vectors, [1, IDS.length, hidden]) };
}

const named = (names: readonly string[], from: Feeds): Feeds =>
  Object.fromEntries(names.map((name) => [name, from[name] as Tensor]));

async function openModel(name: string, storage: Storage) {
  const folder = `test/fixtures/models/${name}`;
  const config = JSON.parse(await readFile(`${folder}/config.json`, 'utf8'));
  const { table, reader } = await openFolder(folder);
  const graph = familyOf(config).components.decoder?.(config, table, storage) as DecoderGraph;
  return { graph, reader };
}

/** Logits of the whole graph. */
async function computeWhole({ graph, reader }: Awaited<ReturnType<typeof openModel>>): Promise<Float32Array> {
  const session = await openNodeSession(graph, reader);
  const caches = Array.from({ length: graph.shape.layers }, (_, layer) => emptyCaches(graph, layer));
  const results = await session.run({ ...stepOf(graph), ...Object.assign({}, ...caches) });
  return results[DECODER_IO.logits]?.data as Float32Array;
}

/** Logits by one piece after the other, from the files of the whole graph. */
async function computeInPieces({ graph, reader }: Awaited<ReturnType<typeof openModel>>): Promise<Float32Array> {
  const layout = streamLayout(graph);
  if (!layout) throw new Error('It cannot be streamed.');
  const files = new Map((await materialize(graph, reader)).map(({ path, data }) => [path, data]));
  const weightsOf = ({ file, weights }: (typeof layout.layers)[number]): Feeds =>
    Object.fromEntries(weights.map((weight) => [weight.name, tensorOf(weight, files.get(file) as Buffer)]));
  const step = stepOf(graph);
  const ends: Feeds = Object.assign({}, ...layout.ends.map(weightsOf));
  const { embedding, layer, head } = layout.pieces;
  const run = async (piece: typeof layer, feeds: Feeds, weights: Feeds) => {
    const session = await InferenceSession.create(piece.model, { logSeverityLevel: 3 });
    return session.run({
      ...named(
        piece.inputs.map(({ name }) => name),
        feeds,
      ),
      ...named(weightNames(piece), weights),
    });
  };
  let states = (await run(embedding, step, ends))[PIECE_IO.nextStates] as Tensor;
  for (const file of layout.layers) {
    const feeds = { ...step, ...emptyCaches(graph, 0), [PIECE_IO.states]: states };
    states = (await run(layer, feeds, { ...ends, ...weightsOf(file) }))[PIECE_IO.nextStates] as Tensor;
  }
  const results = await run(head, { ...step, [PIECE_IO.states]: states }, ends);
  return results[DECODER_IO.logits]?.data as Float32Array;
}

describe.each(['llama', 'qwen2', 'qwen3', 'llava', 'llava_next'])('%s in pieces', (name) => {
  it.each([
    ['floats', storageOf('fp32')],
    ['4 bits', storageOf('q4', { blockSize: 128, endBits: 8 })],
  ])('computes what the whole graph computes from the same files, with %s', async (_, storage) => {
    const model = await openModel(name, storage);
    const [whole, inPieces] = [await computeWhole(model), await computeInPieces(model)];
    expect(whole.length).toBe(IDS.length * model.graph.shape.vocabularySize);
    const worst = whole.reduce((most, value, at) => Math.max(most, Math.abs(value - (inPieces[at] ?? Number.NaN))), 0);
    expect(worst).toBeLessThan(1e-4);
  });
});

it('is not offered where layers are not alike, or there is no such graph', async () => {
  const { graph } = await openModel('llama', storageOf('fp32'));
  const odd = graph.parts.map((part) => (part.name === 'layer.1' ? { ...part, steps: part.steps.slice(1) } : part));
  expect(streamLayout({ ...graph, parts: odd })).toBeUndefined();
  expect(streamLayout({ parts: graph.parts, shape: graph.shape })).toBeUndefined();
});
