import { readFile } from 'node:fs/promises';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { materialize, openFolder, openNodeSession } from '../../test/support/node-graphs.ts';
import type { ParamReader } from '../checkpoint/checkpoint.ts';
import { bytesOfBlob } from '../checkpoint/model-bytes.ts';
import { quantizeRows } from '../checkpoint/quantize.ts';
import { readTable } from '../checkpoint/safetensors.ts';
import { familyOf } from '../families/registry.ts';
import { DECODER_IO, type DecoderGraph, storageOf } from './graph.ts';
import { emitLlama } from './llama.ts';

interface GoldenTensor {
  readonly tensor: string;
  readonly shape: number[];
  readonly atol: number;
}

/** A reference model with its golden outputs. */
async function openFixture(name: string) {
  const folder = `test/fixtures/models/${name}`;
  const json = async (file: string) => JSON.parse(await readFile(`${folder}/${file}`, 'utf8'));
  const [golden, config] = [await json('golden.json'), await json('config.json')];
  const goldenFile = bytesOfBlob(new Blob([await readFile(`${folder}/golden.safetensors`)]));
  const { dataStart, tensors } = await readTable(goldenFile);
  const data = async (tensor: string, dtype: 'I64' | 'F32'): Promise<ArrayBuffer> => {
    const info = tensors.get(tensor);
    if (info?.dtype !== dtype) throw new Error(`${tensor} is no ${dtype} tensor.`);
    return (await goldenFile.read(dataStart + info.begin, dataStart + info.end)).buffer;
  };
  return {
    golden,
    config,
    ...(await openFolder(folder)),
    ids: async (tensor: string) => Array.from(new BigInt64Array(await data(tensor, 'I64')), Number),
    floats: async ({ tensor }: GoldenTensor) => new Float32Array(await data(tensor, 'F32')),
  };
}
type Fixture = Awaited<ReturnType<typeof openFixture>>;

type Caches = Record<string, Tensor>;

/** Runs `ids` after `pastTokens` and asks for the logits of every one of them. */
async function runDecoder(session: InferenceSession, ids: number[], pastTokens: number, caches: Caches) {
  const total = pastTokens + ids.length;
  return session.run({
    [DECODER_IO.inputIds]: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    [DECODER_IO.logitPositions]: new Tensor(
      'int64',
      BigInt64Array.from(ids, (_, i) => BigInt(i)),
      [ids.length],
    ),
    [DECODER_IO.lastPosition]: new Tensor('int32', [total - 1], [1]),
    [DECODER_IO.totalTokens]: new Tensor('int32', [total], [1]),
    ...caches,
  });
}

function makeCaches({ shape }: DecoderGraph, capacity: number): Caches {
  const dims = [1, shape.keyValueHeads, capacity, shape.headSize];
  const empty = () => new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b)), dims);
  return Object.fromEntries(
    Array.from({ length: shape.layers }, (_, layer) => [
      [DECODER_IO.past(layer, 'key'), empty()],
      [DECODER_IO.past(layer, 'value'), empty()],
    ]).flat(),
  );
}

function dataOf(result: InferenceSession.OnnxValueMapType, name: string): Float32Array {
  const data = result[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`${name} is no float32 output.`);
  return data;
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] ?? Number.NaN))), 0);
};

describe.each(['llama', 'qwen2', 'qwen3'])('%s graph on another implementation of the operators', (name) => {
  let fixture: Fixture;
  let graph: DecoderGraph;
  let session: InferenceSession;
  beforeAll(async () => {
    fixture = await openFixture(name);
    const emit = familyOf(fixture.config).components.decoder;
    graph = emit?.(fixture.config, fixture.table, storageOf('fp32')) as DecoderGraph;
    session = await openNodeSession(graph, fixture.reader);
  });

  it('describes what it is', () => {
    const { config } = fixture;
    expect(graph.shape).toEqual({
      layers: 2,
      hidden: config.hidden_size,
      keyValueHeads: 2,
      headSize: config.head_dim ?? 16,
      vocabularySize: config.vocab_size,
      contextTokens: 1024,
    });
  });

  it('computes the reference logits and caches of a prompt', async () => {
    const { golden, ids: goldenIds, floats } = fixture;
    const { inputs, outputs } = golden.forward[0];
    const ids = await goldenIds(inputs.input_ids.tensor);
    const result = await runDecoder(session, ids, 0, makeCaches(graph, 0));
    expect(largestDifference(dataOf(result, DECODER_IO.logits), await floats(outputs.logits))).toBeLessThan(
      outputs.logits.atol,
    );
    for (let layer = 0; layer < graph.shape.layers; layer += 1) {
      for (const part of ['key', 'value'] as const) {
        const expected = outputs[`present.${layer}.${part}`];
        const present = dataOf(result, DECODER_IO.present(layer, part));
        expect(largestDifference(present, await floats(expected))).toBeLessThan(expected.atol);
      }
    }
  });

  it('goes on from a reference cache', async () => {
    const { golden, ids: goldenIds, floats } = fixture;
    const { inputs, outputs } = golden.forward.find(({ name }: { name: string }) => name === 'with_past');
    const caches: Caches = {};
    for (const layer of [0, 1]) {
      for (const part of ['key', 'value'] as const) {
        const past = inputs[`past_key_values.${layer}.${part}`];
        caches[DECODER_IO.past(layer, part)] = new Tensor('float32', await floats(past), past.shape);
      }
    }
    const past = inputs['past_key_values.0.key'].shape[2];
    const result = await runDecoder(session, await goldenIds(inputs.input_ids.tensor), past, caches);
    expect(largestDifference(dataOf(result, DECODER_IO.logits), await floats(outputs.logits))).toBeLessThan(
      outputs.logits.atol,
    );
  });

  it('gives the reference greedy tokens, one at a time', async () => {
    expect(fixture.golden.generation).toHaveLength(7);
    for (const { prompt_ids, new_ids, options } of fixture.golden.generation) {
      if (options.repetition_penalty) continue;
      const tokens: number[] = [];
      let input: number[] = prompt_ids;
      let caches = makeCaches(graph, 0);
      let past = 0;
      while (tokens.length < new_ids.length) {
        const result = await runDecoder(session, input, past, caches);
        const logits = dataOf(result, DECODER_IO.logits).subarray(-graph.shape.vocabularySize);
        past += input.length;
        input = [logits.indexOf(Math.max(...logits))];
        tokens.push(...input);
        caches = Object.fromEntries(
          Object.keys(caches).map((name) => [name, result[name.replace('past', 'present')] as Tensor]),
        );
      }
      expect(tokens).toEqual(new_ids);
    }
  });

  it('computes only the logits that are asked for', async () => {
    const ids = [1, 276, 360];
    const width = graph.shape.vocabularySize;
    const all = await runDecoder(session, ids, 0, makeCaches(graph, 0));
    const last = await session.run({
      [DECODER_IO.inputIds]: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, 3]),
      [DECODER_IO.logitPositions]: new Tensor('int64', [2n], [1]),
      [DECODER_IO.lastPosition]: new Tensor('int32', [2], [1]),
      [DECODER_IO.totalTokens]: new Tensor('int32', [3], [1]),
      ...makeCaches(graph, 0),
    });
    const rows = dataOf(all, DECODER_IO.logits);
    expect(last[DECODER_IO.logits]?.dims).toEqual([1, width]);
    expect(largestDifference(dataOf(last, DECODER_IO.logits), rows.subarray(-width))).toBeLessThan(1e-5);
  });
});

const { golden, config, table, reader } = await openFixture('llama');

/** Reads parameters whose linear layers went through 4 bits and back, so that the float graph is the reference. */
const throughFourBits: ParamReader = {
  async rows(name, from, to) {
    const weights = await reader.rows(name, from, to);
    const [, columns = 0] = table.get(name)?.shape ?? [];
    const groupSize = [128, 64, 32, 16].find((size) => columns % size === 0);
    if (!columns || name.includes('embed') || !groupSize) return weights;
    const options = { bits: 4, groupSize, blockSize: groupSize, symmetric: false } as const;
    const { packed, scales, zeroPoints } = quantizeRows(weights, columns, options);
    const groups = columns / groupSize;
    const stride = Math.ceil(groups / 2) * 2;
    const half = (bytes: Uint8Array | undefined, i: number) => ((bytes?.[i >> 1] ?? 0) >> ((i & 1) * 4)) & 15;
    return weights.map((_, i) => {
      const group = Math.floor((i % columns) / groupSize);
      const row = Math.floor(i / columns);
      return (half(packed, i) - half(zeroPoints, row * stride + group)) * (scales[row * groups + group] ?? 0);
    });
  },
};

it('computes with 4-bit weights what it computes with the same weights restored', async () => {
  const logitsOf = async (
    from: ParamReader,
    precision: 'fp32' | 'q4',
    options: Parameters<typeof storageOf>[1] = {},
  ) => {
    const graph = emitLlama(config, table, storageOf(precision, options));
    const session = await openNodeSession(graph, from);
    const result = await runDecoder(session, [1, 276, 360, 594, 371, 262], 0, makeCaches(graph, 0));
    return dataOf(result, DECODER_IO.logits);
  };
  const [quantized, restored, original] = [
    await logitsOf(reader, 'q4'),
    await logitsOf(throughFourBits, 'fp32'),
    await logitsOf(reader, 'fp32'),
  ];
  // Both sum the same products in float32, in another order.
  expect(largestDifference(quantized, restored)).toBeLessThan(golden.forward[0].outputs.logits.atol);
  expect(largestDifference(quantized, original)).toBeGreaterThan(0.1);
});

it('makes each layer a part of its own, whose bytes are known before anything is read', async () => {
  const graph = emitLlama(config, table, storageOf('q4'));
  expect(graph.parts.map(({ name }) => name)).toEqual(['embedding', 'layer.0', 'layer.1', 'head']);
  const files = await materialize(graph, reader);
  expect(files.map(({ data }) => data.byteLength)).toEqual(graph.parts.map(({ bytes }) => bytes));
});

describe('a config that cannot be', () => {
  it.each([
    [{ hidden_size: undefined }, 'model-corrupt'],
    [{ num_attention_heads: 3, head_dim: null }, 'model-corrupt'],
    [{ num_key_value_heads: 3 }, 'model-corrupt'],
    [{ vocab_size: 641 }, 'model-corrupt'],
    [{ num_hidden_layers: 3 }, 'model-corrupt'],
    [{ hidden_act: 'mystery' }, 'model-unsupported'],
    [{ rope_scaling: { type: 'yarn', factor: 2 } }, 'model-unsupported'],
    [{ rope_scaling: { rope_type: 'llama3', factor: 2 } }, 'model-corrupt'],
  ])('%j is refused with %s', (change, code) => {
    expect(() => emitLlama({ ...config, ...change }, table, storageOf('fp32'))).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
