import { describe, expect, it } from 'vitest';
import type { TensorMap, WireTensor } from '../../src/protocol/tensor.ts';
import { encodeDecode } from '../../test/support/encode-decode.ts';
import { FAKE_SHAPE, makeFakeDecoder } from '../../test/support/fake-decoder.ts';
import { decode, encode } from './encode-decode.ts';
import type { Graph } from './graph.ts';
import { argmax } from './sampling.ts';

const floats = (values: number[], dims: number[]): WireTensor => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from(values).buffer,
});
const int64 = (values: number[]): WireTensor => ({
  dtype: 'int64',
  dims: [1, values.length],
  data: BigInt64Array.from(values, BigInt).buffer,
});

const encoder: Graph = {
  inputs: [],
  async run(_inputs, { onCompute }) {
    onCompute(5);
    return { last_hidden_state: floats([1, 2, 3, 4], [1, 2, 2]) };
  },
};
const signal = new AbortController().signal;
const silent = { signal, onCompute: () => {} };
/** The likeliest token is one more than the last, of 4. */
const counting = (tokens: ArrayLike<number>) =>
  [0, 1, 2, 3].map((token) => (token === ((tokens[tokens.length - 1] ?? 0) + 1) % 4 ? 1 : 0));

describe('an encoder and its decoder', () => {
  const inputs: TensorMap = { input_ids: int64([7, 8]), attention_mask: int64([1, 0]) };

  it('run one after the other, and report the time of both', async () => {
    const fake = makeFakeDecoder(counting);
    const times: number[] = [];
    const tokens = await encodeDecode(
      { graph: () => encoder, decoder: () => fake.decoder },
      { inputs, prompt: [0], maxNewTokens: 3, choose: argmax },
      { signal, onCompute: (ms) => times.push(ms) },
    );
    expect(tokens).toEqual([1, 2, 3]);
    expect(times).toEqual([5, 7, 9, 11]);
    expect(fake.abouts).toEqual([{ values: Float32Array.of(1, 2, 3, 4), mask: [1, 0] }]);
    expect(fake.opened()).toBe(0);
  });

  it('give states without a mask, where the encoder takes none', async () => {
    expect(await encode(encoder, { input_features: floats([1], [1, 1, 1]) }, silent)).toEqual({
      values: Float32Array.of(1, 2, 3, 4),
    });
  });

  it('are refused for more than one text', async () => {
    const many: Graph = { ...encoder, run: async () => ({ last_hidden_state: floats([1, 2, 3, 4], [2, 1, 2]) }) };
    await expect(encode(many, inputs, silent)).rejects.toMatchObject({ code: 'internal' });
  });

  it('close the sequence when something is wrong', async () => {
    const fake = makeFakeDecoder(counting);
    const choose = () => {
      throw new RangeError('no token');
    };
    const work = encodeDecode(
      { graph: () => encoder, decoder: () => fake.decoder },
      { inputs, prompt: [0], maxNewTokens: 3, choose },
      silent,
    );
    await expect(work).rejects.toThrow('no token');
    expect(fake.opened()).toBe(0);
  });
});

describe('tokens', () => {
  const run = async (prompt: number[], maxNewTokens: number, choose: Parameters<typeof decode>[3]['choose']) => {
    const { decoder, steps } = makeFakeDecoder(counting);
    return { tokens: await decode(decoder, await decoder.open(), prompt, { maxNewTokens, choose }, silent), steps };
  };

  it('end where nothing is chosen, and are told to who chooses', async () => {
    const seen: number[][] = [];
    const { tokens } = await run([0], 9, (logits, generated) => {
      seen.push([...generated]);
      return generated.length === 2 ? undefined : argmax(logits);
    });
    expect(tokens).toEqual([1, 2]);
    expect(seen).toEqual([[], [1], [1, 2]]);
  });

  it('end with the context', async () => {
    const prompt = new Array<number>(FAKE_SHAPE.contextTokens - 2).fill(0);
    const { tokens, steps } = await run(prompt, 9, argmax);
    expect(tokens).toEqual([1, 2, 3]);
    expect(steps.at(-1)).toHaveLength(FAKE_SHAPE.contextTokens);
  });

  it('are the first of the likeliest', () => {
    expect(argmax(Float32Array.of(-3, -1, -2, -1))).toBe(1);
  });
});
