import { describe, expect, it } from 'vitest';
import { makePicture } from '../../../test/support/picture.ts';
import { resamplingOf } from './filters.ts';
import { fitPicture, fittedSize, onBlack } from './fit-picture.ts';
import type { Extent } from './picture.ts';
import { resizePicture } from './resize.ts';

const bicubic = resamplingOf(3);
const shortest = (edge: number) => ({ size: { kind: 'shortest', edge } as const, resampling: bicubic });
const redsOf = (extent: Extent, crop: Extent) => {
  const data = Uint8Array.from({ length: extent[0] * extent[1] }, (_, i) => i + 1);
  const { data: rgb } = fitPicture({ height: extent[0], width: extent[1], data }, { resize: undefined, crop });
  return [...rgb].filter((_, i) => i % 3 === 0);
};

describe('a picture that is fitted', () => {
  it('is the middle of the resized picture', () => {
    const picture = makePicture([30, 47]);
    const whole = resizePicture(picture, [20, 31], bicubic);
    const fitted = fitPicture(picture, { resize: shortest(20), crop: [20, 20] });
    expect([fitted.height, fitted.width]).toEqual([20, 20]);
    // 11 columns are too many: 5 before, 6 after.
    expect(fitted.data.subarray(0, 60)).toEqual(whole.data.subarray(15, 75));
    expect(fitted.data.subarray(19 * 60)).toEqual(whole.data.subarray((19 * 31 + 5) * 3, (19 * 31 + 25) * 3));
  });

  it('is cut or has black around it, the odd pixel after what is cut and before what is added', () => {
    expect(redsOf([1, 4], [1, 2])).toEqual([2, 3]);
    expect(redsOf([1, 5], [1, 2])).toEqual([2, 3]);
    expect(redsOf([1, 2], [1, 4])).toEqual([0, 1, 2, 0]);
    expect(redsOf([1, 2], [1, 5])).toEqual([0, 0, 1, 2, 0]);
    expect(redsOf([3, 2], [1, 4])).toEqual([0, 3, 4, 0]);
  });

  it('has the size that is said beforehand', () => {
    for (const fitting of [
      { resize: shortest(20), crop: [8, 30] as const },
      { resize: shortest(20), crop: undefined },
      { resize: undefined, crop: undefined },
    ]) {
      const { height, width } = fitPicture(makePicture([30, 47]), fitting);
      expect(fittedSize([30, 47], fitting)).toEqual([height, width]);
    }
  });

  it('is refused beforehand where it has no pixels or too many', () => {
    const fitting = { resize: undefined, crop: [8, 8] as const };
    for (const extent of [
      [0, 5],
      [100_000, 1],
      [9000, 9000],
    ] as const) {
      expect(() => fittedSize(extent, fitting)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    }
  });
});

describe('a picture on black', () => {
  it('lies where it is put, and has to fit there', () => {
    const picture = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) };
    expect([...onBlack(picture, [2, 2], [0, 1]).data]).toEqual([0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0]);
    expect(() => onBlack(picture, [2, 2], [2, 0])).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});
