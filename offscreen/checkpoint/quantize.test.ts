import { describe, expect, it } from 'vitest';
import { roundToFloat16 } from './float16.ts';
import { type QuantizedMatrix, quantize4bit, splitGroups } from './quantize.ts';

/** Deterministic values with a few outliers, so that groups have different ranges. */
function makeWeights(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.fround((state / 2 ** 31 - 1) * (i % 97 === 0 ? 2 : 0.1) + (i % 256 < 128 ? 0.02 : 0));
  });
}

const half = (bytes: Uint8Array, index: number) => ((bytes[index >> 1] ?? 0) >> (index & 1 ? 4 : 0)) & 15;

/** Reads the operator's layout back, independently of how it was written: [row, group, place in group]. */
function dequantize({ rows, columns, groupSize, packed, scales, zeroPoints }: QuantizedMatrix): Float32Array {
  const groups = columns / groupSize;
  const zeroBytes = Math.ceil(groups / 2);
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    const group = Math.floor((i % columns) / groupSize);
    const zero = zeroPoints ? half(zeroPoints.subarray(row * zeroBytes, (row + 1) * zeroBytes), group) : 8;
    return (half(packed, i) - zero) * (scales[row * groups + group] ?? Number.NaN);
  });
}

/** The published recipe of the baseline written down plainly: one group, float64 rounding helper aside. */
function referenceGroup(values: number[], symmetric: boolean): number[] {
  const even = (x: number) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const range = symmetric ? Math.fround(Math.max(high, -low) / 7) : Math.fround(Math.fround(high - low) / 15);
  const scale = Math.max(roundToFloat16(range), Math.fround(1e-8));
  const zero = symmetric ? 8 : Math.min(Math.max(even(Math.fround(-low / scale)), 0), 15);
  return values.map((value) => {
    const level = Math.min(Math.max(even(Math.fround(value / scale)) + zero, 0), 15);
    return Math.fround((level - zero) * scale);
  });
}

describe.each([true, false])('4-bit quantization, symmetric %s', (symmetric) => {
  const [rows, columns] = [5, 384];

  it.each([32, 128])('equals the plain recipe bit for bit, group %d', (groupSize) => {
    const weights = makeWeights(rows * columns);
    const quantized = quantize4bit(weights, rows, columns, { groupSize, symmetric });
    const expected: number[] = [];
    for (let at = 0; at < weights.length; at += groupSize) {
      expected.push(...referenceGroup([...weights.subarray(at, at + groupSize)], symmetric));
    }
    expect([...dequantize(quantized)]).toEqual(expected);
  });

  it('stays within half a step of every weight that is not clipped', () => {
    const weights = makeWeights(rows * columns, 7);
    const quantized = quantize4bit(weights, rows, columns, { groupSize: 128, symmetric });
    const restored = dequantize(quantized);
    for (const [i, weight] of weights.entries()) {
      const scale = quantized.scales[Math.floor(i / 128)] ?? 0;
      // Half a step for rounding the level; the outermost levels also carry the rounding of the zero point (half a
      // step) and of the scale to 11 bits over at most 15 steps.
      const bound = scale * (0.5 + (symmetric ? 0 : 0.5) + 15 * 2 ** -11);
      expect(Math.abs((restored[i] ?? Number.NaN) - weight)).toBeLessThanOrEqual(bound);
    }
  });

  it('means the same in smaller groups', () => {
    const quantized = quantize4bit(makeWeights(rows * columns), rows, columns, { groupSize: 128, symmetric });
    const split = splitGroups(quantized, 32);
    expect(split.scales).toHaveLength(4 * quantized.scales.length);
    expect(dequantize(split)).toEqual(dequantize(quantized));
    expect(() => splitGroups(quantized, 96)).toThrow(RangeError);
  });

  it('keeps zero exact, and groups of zeros', () => {
    const weights = makeWeights(256);
    weights.fill(0, 0, 128);
    weights[200] = 0;
    const restored = dequantize(quantize4bit(weights, 1, 256, { groupSize: 128, symmetric }));
    expect(restored.subarray(0, 128).every((value) => value === 0)).toBe(true);
    expect(restored[200]).toBe(0);
  });

  it('keeps what fits the levels', () => {
    const weights = Float32Array.from({ length: 32 }, (_, i) => (i % 15) - 7);
    expect([...dequantize(quantize4bit(weights, 1, 32, { groupSize: 32, symmetric: true }))]).toEqual([...weights]);
  });
});

it('refuses a group size that does not divide the columns', () => {
  expect(() => quantize4bit(new Float32Array(96), 1, 96, { groupSize: 64, symmetric: true })).toThrow(RangeError);
});
