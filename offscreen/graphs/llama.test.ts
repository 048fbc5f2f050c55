import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { quantize4bit } from '../checkpoint/quantize.ts';
import { openSafetensors, readTable } from '../checkpoint/safetensors.ts';
import { DECODER_IO, type DecoderGraph, type Precision } from './graph.ts';
import { WEIGHTS_FILE } from './graph-builder.ts';
import { emitLlama } from './llama.ts';

const FIXTURE = 'test/fixtures/llama';

interface GoldenTensor {
  readonly tensor: string;
  readonly shape: number[];
  readonly atol: number;
}

const golden = JSON.parse(await readFile(`${FIXTURE}/golden.json`, 'utf8'));
const tensorFile = await readFile(`${FIXTURE}/golden.safetensors`);
const goldenFloats = openSafetensors(tensorFile);
const config = JSON.parse(await readFile(`${FIXTURE}/config.json`, 'utf8'));
const checkpoint = openSafetensors(await readFile(`${FIXTURE}/model.safetensors`));

function goldenIds(name: string): number[] {
  const { dataStart, tensors } = readTable(tensorFile);
  const info = tensors.get(name);
  if (info?.dtype !== 'I64') throw new Error(`${name} is no int64 tensor.`);
  return Array.from(
    new BigInt64Array(Uint8Array.from(tensorFile.subarray(dataStart + info.begin, dataStart + info.end)).buffer),
    Number,
  );
}

const floats = ({ tensor, shape }: GoldenTensor) => goldenFloats.float32(tensor, shape);

function openSession({ model, weights }: DecoderGraph): Promise<InferenceSession> {
  return InferenceSession.create(model, { externalData: [{ path: WEIGHTS_FILE, data: Buffer.concat(weights) }] });
}

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

describe('LLaMA graph on another implementation of the operators', () => {
  let graph: DecoderGraph;
  let session: InferenceSession;
  beforeAll(async () => {
    graph = emitLlama(config, checkpoint, 'fp32');
    session = await openSession(graph);
  });

  it('describes what it is', () => {
    expect(graph.shape).toEqual({
      layers: 2,
      keyValueHeads: 2,
      headSize: 16,
      vocabularySize: 640,
      contextTokens: 1024,
    });
  });

  it('computes the reference logits and caches of a prompt', async () => {
    const { inputs, outputs } = golden.forward[0];
    const ids = goldenIds(inputs.input_ids.tensor);
    const result = await runDecoder(session, ids, 0, makeCaches(graph, 0));
    expect(largestDifference(dataOf(result, DECODER_IO.logits), floats(outputs.logits))).toBeLessThan(
      outputs.logits.atol,
    );
    for (let layer = 0; layer < graph.shape.layers; layer += 1) {
      for (const part of ['key', 'value'] as const) {
        const expected = outputs[`present.${layer}.${part}`];
        const present = dataOf(result, DECODER_IO.present(layer, part));
        expect(largestDifference(present, floats(expected))).toBeLessThan(expected.atol);
      }
    }
  });

  it('goes on from a reference cache', async () => {
    const { inputs, outputs } = golden.forward.find(({ name }: { name: string }) => name === 'with_past');
    const caches = Object.fromEntries(
      [0, 1].flatMap((layer) =>
        (['key', 'value'] as const).map((part) => {
          const past = inputs[`past_key_values.${layer}.${part}`];
          return [DECODER_IO.past(layer, part), new Tensor('float32', floats(past), past.shape)];
        }),
      ),
    );
    const result = await runDecoder(session, goldenIds(inputs.input_ids.tensor), 9, caches);
    expect(largestDifference(dataOf(result, DECODER_IO.logits), floats(outputs.logits))).toBeLessThan(
      outputs.logits.atol,
    );
  });

  it('gives the reference greedy tokens, one at a time', async () => {
    const { prompt_ids, new_ids } = golden.generation[0];
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
  });

  it('computes only the logits that are asked for', async () => {
    const ids = [1, 276, 360];
    const all = await runDecoder(session, ids, 0, makeCaches(graph, 0));
    const last = await session.run({
      [DECODER_IO.inputIds]: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, 3]),
      [DECODER_IO.logitPositions]: new Tensor('int64', [2n], [1]),
      [DECODER_IO.lastPosition]: new Tensor('int32', [2], [1]),
      [DECODER_IO.totalTokens]: new Tensor('int32', [3], [1]),
      ...makeCaches(graph, 0),
    });
    const rows = dataOf(all, DECODER_IO.logits);
    expect(last[DECODER_IO.logits]?.dims).toEqual([1, 640]);
    expect(largestDifference(dataOf(last, DECODER_IO.logits), rows.subarray(-640))).toBeLessThan(1e-5);
  });
});

/** A checkpoint whose linear layers went through 4 bits and back, so that the float graph is the reference. */
function throughFourBits(original: Checkpoint): Checkpoint {
  return {
    has: original.has,
    float32(name, shape) {
      const weights = original.float32(name, shape);
      const [rows = 0, columns = 0] = shape;
      const groupSize = [128, 64, 32, 16].find((size) => columns % size === 0);
      if (shape.length !== 2 || name.includes('embed') || !groupSize) return weights;
      const { packed, scales, zeroPoints } = quantize4bit(weights, rows, columns, { groupSize, symmetric: false });
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
}

it('computes with 4-bit weights what it computes with the same weights restored', async () => {
  const logitsOf = async (weights: Checkpoint, precision: Precision) => {
    const graph = emitLlama(config, weights, precision);
    const session = await openSession(graph);
    const result = await runDecoder(session, [1, 276, 360, 594, 371, 262], 0, makeCaches(graph, 0));
    return dataOf(result, DECODER_IO.logits);
  };
  const [quantized, restored, original] = [
    await logitsOf(checkpoint, 'q4'),
    await logitsOf(throughFourBits(checkpoint), 'fp32'),
    await logitsOf(checkpoint, 'fp32'),
  ];
  // Both sum the same products in float32, in another order.
  expect(largestDifference(quantized, restored)).toBeLessThan(golden.forward[0].outputs.logits.atol);
  expect(largestDifference(quantized, original)).toBeGreaterThan(0.1);
});

describe('a config that cannot be', () => {
  it.each([
    [{ hidden_size: undefined }, 'model-corrupt'],
    [{ num_attention_heads: 3, head_dim: null }, 'model-corrupt'],
    [{ num_key_value_heads: 3 }, 'model-corrupt'],
    [{ vocab_size: 641 }, 'model-corrupt'],
    [{ num_hidden_layers: 3 }, 'model-corrupt'],
    [{ hidden_act: 'gelu' }, 'model-unsupported'],
    [{ rope_scaling: { type: 'linear', factor: 2 } }, 'model-unsupported'],
  ])('%j is refused with %s', (change, code) => {
    expect(() => emitLlama({ ...config, ...change }, checkpoint, 'fp32')).toThrow(expect.objectContaining({ code }));
  });
});
