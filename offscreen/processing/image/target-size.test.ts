import { describe, expect, it } from 'vitest';
import { PICTURE_LIMITS } from './picture.ts';
import { targetSize } from './target-size.ts';

const refused = expect.objectContaining({
  code: 'invalid-request',
  data: { field: 'pictures[3]' },
  message: expect.stringContaining('be less narrow'),
});

describe('the size of a resized picture', () => {
  it('is the one that is stated', () => {
    expect(targetSize([9, 1000], { kind: 'exact', extent: [32, 48] })).toEqual([32, 48]);
  });

  it('has a shorter edge of the stated length and keeps its shape, but for parts of pixels, which are cut off', () => {
    const clip = (height: number, width: number) => targetSize([height, width], { kind: 'shortest', edge: 224 });
    expect(clip(480, 640)).toEqual([224, 298]); // 298.67
    expect(clip(640, 480)).toEqual([298, 224]);
    expect(clip(100, 100)).toEqual([224, 224]);
    expect(clip(224, 999)).toEqual([224, 999]);
  });

  it('has a longer edge that stays below its bound', () => {
    const detr = (height: number, width: number) =>
      targetSize([height, width], { kind: 'shortest', edge: 800, longest: 1333 });
    expect(detr(480, 640)).toEqual([800, 1066]);
    expect(detr(375, 500)).toEqual([800, 1066]);
    // 1333 x 800 needs a shape of at most 1.66; the shorter edge is 666.5 here, and halves go to the even number.
    expect(detr(500, 1000)).toEqual([666, 1333]);
    expect(detr(1000, 300)).toEqual([1333, 400]);
  });

  it('is that of the picture where the shorter edge has its length already, even if the longer one passes its bound', () => {
    // The shorter edge would be 71.68 long and is rounded to the 72 that it has.
    expect(targetSize([72, 225], { kind: 'shortest', edge: 80, longest: 224 })).toEqual([72, 225]);
  });

  it('is refused where no pixel is left of an edge, or the other one would be too long', () => {
    const rule = { kind: 'shortest', edge: 800, longest: 1333 } as const;
    expect(() => targetSize([1, 3000], rule, 'pictures[3]')).toThrow(refused);
    expect(targetSize([2, 2600], rule)).toEqual([1, 1333]);
    const unbounded = { kind: 'shortest', edge: 4096 } as const;
    expect(() => targetSize([PICTURE_LIMITS.resizedEdge / 4096 + 1, 1], unbounded, 'pictures[3]')).toThrow(refused);
    expect(targetSize([PICTURE_LIMITS.resizedEdge / 4096, 1], unbounded)).toEqual([PICTURE_LIMITS.resizedEdge, 4096]);
  });
});
