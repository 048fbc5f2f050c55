import { describe, expect, it } from 'vitest';
import { FAKE_SHAPE, makeFakeDecoder } from '../../test/support/fake-decoder.ts';
import { decode } from './encode-decode.ts';
import type { Graph } from './graph.ts';
import { argmax } from './sampling.ts';
import { embeddingDecoder, embedPrompt } from './token-vectors.ts';

/** The vector of a token has its id, and its id times ten. */
const embedding: Graph = {
  inputs: [],
  async run({ input_ids }, { onCompute }) {
    onCompute(3);
    const ids = Array.from(new BigInt64Array(input_ids?.data ?? new ArrayBuffer(0)), Number);
    const data = Float32Array.from(ids.flatMap((id) => [id, 10 * id])).buffer;
    return { inputs_embeds: { dtype: 'float32', dims: [1, ids.length, 2], data } };
  },
};
const events = { signal: new AbortController().signal, onCompute: () => {} };
const IMAGE = 9;

describe('vectors of a prompt', () => {
  it('are those of images where their tokens are', async () => {
    const picture = { token: IMAGE, features: Float32Array.of(-1, -2, -3, -4) };
    expect(await embedPrompt(embedding, [1, IMAGE, 2, IMAGE], picture, events)).toEqual(
      Float32Array.of(1, 10, -1, -2, 2, 20, -3, -4),
    );
  });

  it.each([[[1, IMAGE]], [[IMAGE, IMAGE, IMAGE]], [[1]]])('are refused for %j and two vectors', async (ids) => {
    const picture = { token: IMAGE, features: new Float32Array(4) };
    await expect(embedPrompt(embedding, ids, picture, events)).rejects.toMatchObject({ code: 'invalid-request' });
  });
});

describe('a decoder of vectors that takes ids', () => {
  const shape = { ...FAKE_SHAPE, embeddings: true } as const;
  /** The likeliest token is one more than that of the last vector. */
  const counting = (vectors: ArrayLike<number>) =>
    [0, 1, 2, 3].map((token) => (token === (vectors[vectors.length - 2] ?? 0) + 1 ? 1 : 0));

  it('goes on after vectors with tokens that it embeds', async () => {
    const { decoder, steps } = makeFakeDecoder(counting, { shape });
    const both = embeddingDecoder(decoder, embedding);
    const times: number[] = [];
    const onCompute = (ms: number) => times.push(ms);
    const options = { maxNewTokens: 2, choose: argmax };
    const prompt = Float32Array.of(5, 5, 1, 1);
    expect(await decode(both, await both.open(), prompt, options, { ...events, onCompute })).toEqual([2, 3]);
    expect(steps).toEqual([prompt, Float32Array.of(2, 20)]);
    expect(times).toEqual([2, 7]);
  });

  it('is a decoder of ids to those who ask, and copies sequences of its own', async () => {
    const { decoder, opened } = makeFakeDecoder(counting, { shape });
    const both = embeddingDecoder(decoder, embedding);
    expect(both.shape).toEqual(FAKE_SHAPE);
    const [first, second] = await both.openAll(2);
    await first?.advance([1, 2, 3]);
    if (first) second?.copyFrom(first);
    expect(second?.length).toBe(3);
    first?.close();
    second?.close();
    expect(opened()).toBe(0);
  });
});
