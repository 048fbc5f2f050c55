import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';
import { createSampler } from './sampling.ts';

const logits = (...values: number[]) => Float32Array.from(values);

/** How often each token is drawn from the same logits. */
function frequencies(values: number[], options: Parameters<typeof createSampler>[0], draws = 20_000): number[] {
  const sample = createSampler({ seed: 1, ...options }, []);
  const counts = values.map(() => 0);
  for (let i = 0; i < draws; i += 1) {
    const token = sample(logits(...values));
    counts[token] = (counts[token] ?? 0) + 1;
  }
  return counts.map((count) => count / draws);
}

const softmax = (values: number[], temperature = 1) => {
  const weights = values.map((value) => Math.exp(value / temperature));
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.map((weight) => weight / total);
};

/** Five standard deviations of a frequency over 20,000 draws. */
const close = (expected: number[], actual: number[]) => {
  for (const [i, share] of expected.entries()) {
    const deviation = Math.sqrt((share * (1 - share)) / 20_000);
    expect(Math.abs((actual[i] ?? 0) - share)).toBeLessThanOrEqual(5 * deviation);
  }
};

describe('sampling', () => {
  it('is greedy by default, the lowest id in a tie', () => {
    expect(createSampler({}, [])(logits(1, 3, 2, 3))).toBe(1);
  });

  it('fails on logits that are no numbers', () => {
    expect(() => createSampler({}, [])(logits(Number.NaN, Number.NaN))).toThrow(
      expect.objectContaining({ code: 'engine-failed' }),
    );
    expect(() => createSampler({ temperature: 1 }, [])(logits(Number.NaN))).toThrow();
  });

  it('never draws a token whose logit is not a number', () => {
    expect(frequencies([Number.NaN, 0, Number.NEGATIVE_INFINITY], { temperature: 1 }, 100)).toEqual([0, 1, 0]);
  });

  it('draws by softmax of the tempered logits', () => {
    const values = [0, 1, 2, -1];
    close(softmax(values), frequencies(values, { temperature: 1 }));
    close(softmax(values, 0.5), frequencies(values, { temperature: 0.5 }));
  });

  it('keeps the k likeliest', () => {
    const [, one = 0, two = 0] = softmax([0, 1, 2, -1]);
    const rest = one + two;
    close([0, one / rest, two / rest, 0], frequencies([0, 1, 2, -1], { temperature: 1, topK: 2 }));
    expect(frequencies([0, 1, 2], { temperature: 5, topK: 1 }, 50)).toEqual([0, 0, 1]);
  });

  it('keeps the smallest set that reaches p', () => {
    // Shares 0.64, 0.24, 0.09, 0.03: two of them reach 0.7.
    const [first = 0, second = 0] = softmax([3, 2, 1, 0]);
    const both = first + second;
    close([first / both, second / both, 0, 0], frequencies([3, 2, 1, 0], { temperature: 1, topP: 0.7 }));
    expect(frequencies([3, 2, 1, 0], { temperature: 1, topP: 0.5 }, 50)).toEqual([1, 0, 0, 0]);
  });

  it('takes the nucleus of what top-k left', () => {
    // Of the two likeliest the first has 0.73, which reaches 0.7 alone.
    expect(frequencies([3, 2, 1, 0], { temperature: 1, topK: 2, topP: 0.7 }, 50)).toEqual([1, 0, 0, 0]);
  });

  it('penalizes what the prompt or the answer has had, towards less likely on both sides of zero', () => {
    const sample = createSampler({ repetitionPenalty: 2 }, [0, 99]);
    expect(sample(logits(4, 3, 1))).toBe(1);
    expect(sample(logits(4, 3, 1.9))).toBe(0);
    expect(createSampler({ repetitionPenalty: 2 }, [0])(logits(-1, -1.5))).toBe(1);
  });

  it('repeats itself for a seed and differs for another', () => {
    const run = (seed: number) => {
      const sample = createSampler({ temperature: 1, seed }, []);
      return Array.from({ length: 32 }, () => sample(new Float32Array(50)));
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });
});

it('spreads random numbers evenly', () => {
  const random = createRandom(0);
  const bins = new Array<number>(16).fill(0);
  for (let i = 0; i < 16_000; i += 1) {
    const bin = Math.floor(random() * 16);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  // Chi-squared with 15 degrees of freedom is below 44 with probability 0.9999.
  expect(bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(44);
});
