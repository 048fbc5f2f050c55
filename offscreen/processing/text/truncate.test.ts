import { describe, expect, it } from 'vitest';
import { truncate } from './truncate.ts';

const count = (length: number) => Array.from({ length }, (_, at) => at);

describe('cutting texts to length', () => {
  it('cuts one text at the side that is asked for', () => {
    expect(truncate([1, 2, 3], undefined, 2, 'right')).toEqual([[1, 2], undefined]);
    expect(truncate([1, 2, 3], undefined, 2, 'left')).toEqual([[2, 3], undefined]);
    expect(truncate([1, 2, 3], undefined, 3, 'right')).toEqual([[1, 2, 3], undefined]);
    expect(truncate([1, 2, 3], undefined, 0, 'left')).toEqual([[], undefined]);
  });

  it.each([
    // What the Rust library keeps of two texts of these lengths.
    { lengths: [10, 20], budget: 24, kept: [10, 14] },
    { lengths: [20, 10], budget: 24, kept: [14, 10] },
    { lengths: [20, 15], budget: 24, kept: [12, 12] },
    { lengths: [13, 13], budget: 25, kept: [12, 13] },
    { lengths: [30, 13], budget: 25, kept: [13, 12] },
    { lengths: [0, 30], budget: 25, kept: [0, 25] },
    { lengths: [3, 4], budget: 7, kept: [3, 4] },
  ])('keeps $kept of $lengths tokens within $budget', ({ lengths: [first = 0, second = 0], budget, kept }) => {
    const [a, b] = truncate(count(first), count(second), budget, 'right');
    expect([a.length, b?.length]).toEqual(kept);
  });
});
