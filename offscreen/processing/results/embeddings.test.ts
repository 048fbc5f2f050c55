import { describe, expect, it } from 'vitest';
import { largestDifference, openGolden } from '../../../test/support/golden.ts';
import { logitsPerImage, normalize, poolStates } from './embeddings.ts';

describe('the vector of a text', async () => {
  const model = await openGolden('bert');

  it.each(['single', 'batch_padded', 'pair'])(
    'is that of the reference, from the states of tokens: %s',
    async (name) => {
      const { inputs, outputs } = model.caseOf(name);
      const { mean_pooled: pooled, mean_pooled_normalized: unit, last_hidden_state: states } = outputs;
      const [batch = 0, tokens = 0, width = 0] = states?.shape ?? [];
      const [data, mask] = [await model.floats(states), await model.ids(inputs.attention_mask)];
      const texts = Array.from({ length: batch }, (_, i) => {
        const own = data.subarray(i * tokens * width, (i + 1) * tokens * width);
        return poolStates({ width, data: own }, 'mean', mask.slice(i * tokens, (i + 1) * tokens));
      });
      const all = (vectors: Float32Array[]) => vectors.flatMap((vector) => [...vector]);
      expect(largestDifference(all(texts), await model.floats(pooled))).toBeLessThan(pooled?.atol ?? 0);
      expect(largestDifference(all(texts.map(normalize)), await model.floats(unit))).toBeLessThan(unit?.atol ?? 0);
      expect(batch).toBeGreaterThan(0);
    },
  );

  const states = { width: 2, data: Float32Array.of(1, 2, 3, 4, 50, 60) };

  it('is the mean of those that count, or the first', () => {
    expect([...poolStates(states, 'mean', [1, 1, 0])]).toEqual([2, 3]);
    expect([...poolStates(states, 'mean', BigInt64Array.of(0n, 1n, 1n))]).toEqual([26.5, 32]);
    expect([...poolStates(states, 'mean')]).toEqual([18, 22]);
    expect([...poolStates(states, 'cls', [1, 1, 0])]).toEqual([1, 2]);
  });

  it('is of tokens, each of which has a place in the mask', () => {
    expect(() => poolStates(states, 'mean', [0, 0, 0])).toThrow(RangeError);
    expect(() => poolStates(states, 'mean', [1, 1])).toThrow(RangeError);
    expect(() => poolStates({ ...states, width: 4 }, 'mean')).toThrow(RangeError);
  });

  it('can be made of length 1, unless it has none', () => {
    expect(largestDifference(normalize(Float32Array.of(3, 0, -4)), [0.6, 0, -0.8])).toBeLessThan(1e-7);
    expect([...normalize(new Float32Array(3))]).toEqual([0, 0, 0]);
  });
});

describe('logits of images with texts', async () => {
  it.each([
    ['clip', 'batch_padded', 'image'],
    ['x_clip', 'texts_padded', 'video'],
  ])('are those of the reference, from its embeddings: %s', async (name, forward, kind) => {
    const model = await openGolden(name);
    const { outputs } = model.caseOf(forward);
    const rows = async (output: string) => {
      const ref = outputs[output];
      return { width: ref?.shape.at(-1) ?? 0, data: await model.floats(ref) };
    };
    const [log = 0] = await model.reader.rows('logit_scale', 0, 1);
    const logits = logitsPerImage(await rows(`${kind}_embeds`), await rows('text_embeds'), Math.exp(log));
    const expected = outputs[`logits_per_${kind}`];
    expect(largestDifference(logits, await model.floats(expected))).toBeLessThan(expected?.atol ?? 0);
  });

  it('are in rows of images', () => {
    const images = { width: 2, data: Float32Array.of(1, 0, 0, 1) };
    const texts = { width: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect([...logitsPerImage(images, texts, 10)]).toEqual([10, 30, 50, 20, 40, 60]);
    expect(() => logitsPerImage(images, { ...texts, width: 3 }, 1)).toThrow(RangeError);
  });
});
