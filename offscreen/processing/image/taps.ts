import type { Filter } from './filters.ts';

/** Which pixels of a row or column make those of a resized one, and how much each counts. */
export interface Taps {
  /** Number of target pixels. */
  readonly count: number;
  /** First source pixel of each target pixel, and the first one after its last. Both never fall. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Weights in units of 2^-{@link FRACTION_BITS}: those of target pixel i from `i * stride`. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Bits after the point: 8 of 32 hold a colour, 2 more what negative lobes add to it. */
export const FRACTION_BITS = 22;

/**
 * The weights with which Pillow resizes 8-bit pictures (`ImagingResample`; described at
 * https://pillow.readthedocs.io/en/stable/handbook/concepts.html#filters): where the target is smaller, the filter is widened until
 * it covers as much of the source as the target pixel does; weights of a pixel add up to 1, but for rounding.
 *
 * @param source pixels of the source
 * @param target pixels of the target, of which `count` from `first` on are wanted
 */
export function tapsOf(source: number, target: number, filter: Filter, first: number, count: number): Taps {
  const scale = source / target;
  const widened = Math.max(scale, 1);
  const support = filter.support * widened;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  for (let i = 0; i < count; i += 1) {
    const center = (first + i + 0.5) * scale;
    const start = Math.max(Math.floor(center - support + 0.5), 0);
    const end = Math.min(Math.floor(center + support + 0.5), source);
    const exact = Array.from({ length: end - start }, (_, k) => filter.weigh((start + k - center + 0.5) / widened));
    weights.set(toFixedPoint(exact), i * stride);
    starts[i] = start;
    ends[i] = end;
  }
  return { count, starts, ends, weights, stride };
}

/** Weights that add up to 1, rounded to the nearest unit, halves away from 0. */
function toFixedPoint(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => {
    const units = (weight / (total || 1)) * 2 ** FRACTION_BITS;
    return Math.trunc(units + Math.sign(units) * 0.5);
  });
}
