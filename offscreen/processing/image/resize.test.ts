import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makePicture } from '../../../test/support/picture.ts';
import { resamplingOf } from './filters.ts';
import type { Extent } from './picture.ts';
import { resizePicture } from './resize.ts';

interface Resized {
  readonly filter: string;
  readonly resample: number;
  readonly source: Extent;
  readonly target: Extent;
  readonly rgb?: string;
  readonly sha256?: string;
}
const { cases }: { cases: Resized[] } = JSON.parse(await readFile('test/fixtures/resized-pictures.json', 'utf8'));
const BILINEAR = resamplingOf(2);

describe('a resized picture', () => {
  it.each(cases)('is to the byte that of the reference: $filter, $source to $target', (one) => {
    const { width, height, data } = resizePicture(makePicture(one.source), one.target, resamplingOf(one.resample));
    expect([height, width]).toEqual(one.target);
    if (one.rgb !== undefined) expect(Buffer.from(data).toString('base64')).toBe(one.rgb);
    else expect(createHash('sha256').update(data).digest('hex')).toBe(one.sha256);
  });

  it.each(['nearest', 'bicubic'])('can be had in part, which is the same as that part of the whole: %s', (name) => {
    const filter = resamplingOf(name === 'nearest' ? 0 : 3);
    const picture = makePicture([40, 60]);
    const whole = resizePicture(picture, [90, 31], filter);
    const frame = { top: 17, left: 5, height: 44, width: 20 };
    const part = resizePicture(picture, [90, 31], filter, frame);
    expect([part.height, part.width]).toEqual([44, 20]);
    for (let row = 0; row < frame.height; row += 1) {
      const at = ((frame.top + row) * whole.width + frame.left) * 3;
      expect(part.data.subarray(row * 60, (row + 1) * 60)).toEqual(whole.data.subarray(at, at + 60));
    }
  });

  it('is the same with any alpha, which is left out', () => {
    const rgb = makePicture([9, 13]);
    const data = new Uint8Array(9 * 13 * 4);
    for (let i = 0; i < 9 * 13; i += 1) data.set([...rgb.data.subarray(i * 3, i * 3 + 3), i], i * 4);
    for (const code of [0, 3]) {
      const resize = (picture: typeof rgb) => resizePicture(picture, [4, 7], resamplingOf(code)).data;
      expect(resize({ width: 13, height: 9, data })).toEqual(resize(rgb));
    }
  });

  it('of gray has that gray in each channel, with alpha or without', () => {
    const gray = Uint8Array.of(10, 200, 30, 40);
    const withAlpha = Uint8Array.of(10, 0, 200, 9, 30, 255, 40, 128);
    for (const data of [gray, withAlpha]) {
      const same = resizePicture({ width: 2, height: 2, data }, [2, 2], BILINEAR);
      expect([...same.data]).toEqual([10, 10, 10, 200, 200, 200, 30, 30, 30, 40, 40, 40]);
      expect([...resizePicture({ width: 2, height: 2, data }, [1, 1], BILINEAR).data]).toEqual([70, 70, 70]);
    }
  });

  it('of the same size is a copy', () => {
    const picture = makePicture([3, 5]);
    const copy = resizePicture(picture, [3, 5], BILINEAR);
    expect(copy.data).toEqual(Uint8ClampedArray.from(picture.data));
    copy.data.fill(0);
    expect(picture.data).toEqual(makePicture([3, 5]).data);
  });

  it('keeps to black and white where a filter overshoots', () => {
    const data = Uint8Array.of(0, 0, 255, 255);
    const { data: rgb } = resizePicture({ width: 4, height: 1, data }, [1, 16], resamplingOf(3));
    const reds = [...rgb].filter((_, i) => i % 3 === 0);
    expect(reds.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(reds.slice(10)).toEqual([255, 255, 255, 255, 255, 255]);
    expect(reds[7]).toBeGreaterThan(reds[6] ?? 255);
  });
});

describe('resampling', () => {
  it.each([-1, 6, 1.5, Number.NaN])('by code %s is unknown, and the error says which are known', (code) => {
    expect(() => resamplingOf(code)).toThrow(expect.objectContaining({ code: 'model-unsupported' }));
    expect(() => resamplingOf(code)).toThrow(
      expect.objectContaining({ data: { reason: `Resampling ${code}; known are 0 to 5.` } }),
    );
  });
});
