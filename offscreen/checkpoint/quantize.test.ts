import { describe, expect, it } from 'vitest';
import { roundToFloat16 } from './float16.ts';
import { type QuantizedRows, quantizeRows } from './quantize.ts';

/** Deterministic values with a few outliers, so that groups have different ranges. */
function makeWeights(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.fround((state / 2 ** 31 - 1) * (i % 97 === 0 ? 2 : 0.1) + (i % 256 < 128 ? 0.02 : 0));
  });
}

/** Reads the operator's layout back, independently of how it was written: [row, block, place in block]. */
function dequantize(
  { packed, scales, zeroPoints }: QuantizedRows,
  [rows, columns]: readonly [number, number],
  blockSize: number,
  bits: 4 | 8,
): Float32Array {
  const blocks = columns / blockSize;
  const level = (bytes: Uint8Array, index: number) =>
    bits === 8 ? (bytes[index] ?? 0) : ((bytes[index >> 1] ?? 0) >> (index & 1 ? 4 : 0)) & 15;
  const zeroBytes = Math.ceil((blocks * bits) / 8);
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    const block = Math.floor((i % columns) / blockSize);
    const zero = zeroPoints
      ? level(zeroPoints.subarray(row * zeroBytes, (row + 1) * zeroBytes), block)
      : 2 ** (bits - 1);
    return (level(packed, i) - zero) * (scales[row * blocks + block] ?? Number.NaN);
  });
}

/** The published recipe of the baseline written down plainly: one group, float64 rounding helper aside. */
function referenceGroup(values: number[], symmetric: boolean, bits: 4 | 8): number[] {
  const [middle, levels] = [2 ** (bits - 1), 2 ** bits - 1];
  const even = (x: number) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const range = symmetric
    ? Math.fround(Math.max(high, -low) / (middle - 1))
    : Math.fround(Math.fround(high - low) / levels);
  const scale = Math.max(roundToFloat16(range), Math.fround(1e-8));
  const zero = symmetric ? middle : Math.min(Math.max(even(Math.fround(-low / scale)), 0), levels);
  return values.map((value) => {
    const level = Math.min(Math.max(even(Math.fround(value / scale)) + zero, 0), levels);
    return Math.fround((level - zero) * scale);
  });
}

describe.each([
  [4, true],
  [4, false],
  [8, true],
  [8, false],
] as const)('%d-bit quantization, symmetric %s', (bits, symmetric) => {
  const size = [5, 384] as const;
  const [rows, columns] = size;
  const quantize = (weights: Float32Array, groupSize: number, blockSize = groupSize, width: number = columns) =>
    quantizeRows(weights, width, { bits, groupSize, blockSize, symmetric });

  it.each([32, 128])('equals the plain recipe bit for bit, group %d', (groupSize) => {
    const weights = makeWeights(rows * columns);
    const expected: number[] = [];
    for (let at = 0; at < weights.length; at += groupSize) {
      expected.push(...referenceGroup([...weights.subarray(at, at + groupSize)], symmetric, bits));
    }
    expect([...dequantize(quantize(weights, groupSize), size, groupSize, bits)]).toEqual(expected);
  });

  it('stays within half a step of every weight that is not clipped', () => {
    const weights = makeWeights(rows * columns, 7);
    const quantized = quantize(weights, 128);
    const restored = dequantize(quantized, size, 128, bits);
    for (const [i, weight] of weights.entries()) {
      const scale = quantized.scales[Math.floor(i / 128)] ?? 0;
      // Half a step for rounding the level; the outermost levels also carry the rounding of the zero point (half a
      // step) and of the scale to 11 bits over all steps.
      const bound = scale * (0.5 + (symmetric ? 0 : 0.5) + (2 ** bits - 1) * 2 ** -11);
      expect(Math.abs((restored[i] ?? Number.NaN) - weight)).toBeLessThanOrEqual(bound);
    }
  });

  it('means the same in smaller blocks', () => {
    const weights = makeWeights(rows * columns);
    const whole = quantize(weights, 128);
    const split = quantize(weights, 128, 32);
    expect(split.scales).toHaveLength(4 * whole.scales.length);
    expect(dequantize(split, size, 32, bits)).toEqual(dequantize(whole, size, 128, bits));
  });

  it('keeps zero exact, and groups of zeros', () => {
    const weights = makeWeights(256);
    weights.fill(0, 0, 128);
    weights[200] = 0;
    const restored = dequantize(quantize(weights, 128, 128, 256), [1, 256], 128, bits);
    expect(restored.subarray(0, 128).every((value) => value === 0)).toBe(true);
    expect(restored[200]).toBe(0);
  });

  it('keeps what fits the levels', () => {
    const most = 2 ** (bits - 1) - 1;
    const weights = Float32Array.from({ length: 32 }, (_, i) => (i % 2 ? -1 : 1) * Math.min(i, most));
    weights[0] = most;
    const quantized = quantizeRows(weights, 32, { bits, groupSize: 32, blockSize: 32, symmetric: true });
    expect([...dequantize(quantized, [1, 32], 32, bits)]).toEqual([...weights]);
  });

  it('refuses sizes that do not divide each other', () => {
    expect(() => quantize(new Float32Array(96), 64, 64, 96)).toThrow(RangeError);
    expect(() => quantize(new Float32Array(96), 96, 64, 96)).toThrow(RangeError);
  });
});
