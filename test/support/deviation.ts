import { expect, it } from 'vitest';
import type { Precision } from '../../offscreen/graphs/graph.ts';

/** Root of the mean square of the differences of two outputs, as a share of that of the second one. */
export function relativeDeviation(actual: Float32Array, reference: Float32Array): number {
  if (actual.length !== reference.length) throw new Error(`${actual.length} values, not ${reference.length}.`);
  const square = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  const difference = actual.map((value, i) => value - (reference[i] ?? Number.NaN));
  return Math.sqrt(square(difference) / square(reference));
}

/**
 * The deviation that storage in `bits` is expected to give an output with `products` matrices one after the other: sixteen
 * normal numbers, which is what the groups of the small models hold, span 3.53 standard deviations; a level is the share
 * 1 / (2^bits - 1) of that, and rounding to levels errs by a level / sqrt 12, which is the relative error of a product of many
 * such weights. Errors of products that follow each other are independent, so that their squares add up.
 */
export function expectedDeviation(bits: 4 | 8, products: number): number {
  return (3.53 / (2 ** bits - 1) / Math.sqrt(12)) * Math.sqrt(products);
}

/**
 * Tests that a graph computes about the same however its weights are stored. For quantized ones the deviation is at most twice
 * what is expected and at least a tenth; in binary16 it is at most that of 8 bits, which has fewer levels than the mantissa.
 *
 * @param run answers the output at which to look
 * @param products matrices on the way to it
 */
export function itStaysClose(
  name: string,
  run: (precision: Precision) => Promise<Float32Array>,
  products: number,
): void {
  const expected = {
    fp16: expectedDeviation(8, products),
    q8: expectedDeviation(8, products),
    q4: expectedDeviation(4, products),
  };
  it.each(['fp16', 'q8', 'q4'] as const)(`${name} is computed about the same with weights in %s`, async (precision) => {
    const deviation = relativeDeviation(await run(precision), await run('fp32'));
    expect(deviation).toBeGreaterThan(precision === 'fp16' ? 0 : expected[precision] / 10);
    expect(deviation).toBeLessThan(2 * expected[precision]);
  });
}
