import { describe, expect, it } from 'vitest';
import { float16ToNumber, numberToFloat16, roundHalfEven, roundToFloat16 } from './float16.ts';

describe('binary16', () => {
  it('round-trips every finite bit pattern', () => {
    for (let bits = 0; bits < 65_536; bits += 1) {
      const value = float16ToNumber(bits);
      if (Number.isNaN(value)) continue;
      expect(numberToFloat16(value)).toBe(bits);
    }
  });

  it('rounds midpoints to even and everything else to the nearest', () => {
    for (let bits = 0; bits < 0x7bff; bits += 7) {
      const [low, high] = [float16ToNumber(bits), float16ToNumber(bits + 1)];
      const middle = (low + high) / 2;
      expect(numberToFloat16(middle)).toBe(bits % 2 === 0 ? bits : bits + 1);
      expect(roundToFloat16(low + (high - low) * 0.49)).toBe(low);
      expect(roundToFloat16(-low - (high - low) * 0.51)).toBe(-high);
    }
  });

  it('knows the edges', () => {
    expect(roundToFloat16(65_519)).toBe(65_504);
    expect(roundToFloat16(65_520)).toBe(Number.POSITIVE_INFINITY);
    expect(roundToFloat16(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
    expect(roundToFloat16(Number.NaN)).toBeNaN();
    expect(roundToFloat16(2 ** -25)).toBe(0);
    expect(Object.is(roundToFloat16(-0), -0)).toBe(true);
  });

  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [-2.5, -2],
    [2.4, 2],
    [-2.6, -3],
  ])('rounds %d to %d', (value, expected) => expect(roundHalfEven(value) + 0).toBe(expected));
});
