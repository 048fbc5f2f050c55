import { describe, expect, it } from 'vitest';
import { toFloat32 } from './dtype.ts';

const bytesOf = (words: number[]) => new Uint8Array(Uint16Array.from(words).buffer);

describe('element types', () => {
  it('reads binary16', () => {
    expect([...toFloat32(bytesOf([0x3c00, 0xc000, 0x0001, 0x7c00]), 'F16')]).toEqual([
      1,
      -2,
      2 ** -24,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('reads bfloat16 as the upper half of float32', () => {
    expect([...toFloat32(bytesOf([0x3f80, 0xc040, 0x0000, 0xff80]), 'BF16')]).toEqual([
      1,
      -3,
      0,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it('reads float32 at any offset', () => {
    const file = new Uint8Array(1 + 8);
    file.set(new Uint8Array(Float32Array.of(1.5, -7).buffer), 1);
    expect([...toFloat32(file.subarray(1), 'F32')]).toEqual([1.5, -7]);
  });
});
