import { describe, expect, it } from 'vitest';
import { checkExtent, layoutOf, PICTURE_LIMITS } from './picture.ts';

const refused = (field: string, rule: string) =>
  expect.objectContaining({ code: 'invalid-request', data: { field }, message: expect.stringContaining(rule) });

describe('a picture', () => {
  it.each([
    [1, 0, 0],
    [2, 0, 0],
    [3, 1, 2],
    [4, 1, 2],
  ])('of %i bytes a pixel has green %i and blue %i bytes after red', (step, green, blue) => {
    const data = new Uint8Array(5 * 7 * step);
    expect(layoutOf({ width: 5, height: 7, data })).toEqual({ step, green, blue });
  });

  it.each([0, 1, 34, 36, 174, 176])('of 5 x 7 pixels does not have %i bytes', (length) => {
    const picture = { width: 5, height: 7, data: new Uint8Array(length) };
    expect(() => layoutOf(picture, 'pictures[2]')).toThrow(
      refused('pictures[2].data', `hold 5 x 7 pixels of 1 to 4 bytes, not ${length} bytes`),
    );
  });

  it.each([
    [0, 5],
    [5, 0],
    [-1, 5],
    [2.5, 5],
    [Number.NaN, 5],
  ])('has pixels: none are in %s x %s', (height, width) => {
    expect(() => layoutOf({ width, height, data: new Uint8Array(0) })).toThrow(
      refused('picture', 'have at least one pixel each way'),
    );
  });

  it('is refused by its size alone where that is too much, before there are bytes', () => {
    const { edge, pixels } = PICTURE_LIMITS;
    expect(() => checkExtent([10_000, 10_000])).toThrow(refused('picture', `at most ${pixels} pixels are accepted`));
    expect(() => checkExtent([8192, 8193])).toThrow(refused('picture', `at most ${pixels} pixels are accepted`));
    expect(() => checkExtent([1, edge + 1])).toThrow(refused('picture', `no edge may be longer than ${edge} pixels`));
    expect(() => checkExtent([edge + 1, 1])).toThrow(refused('picture', `no edge may be longer than ${edge} pixels`));
    checkExtent([8192, 8192]);
    checkExtent([1, edge]);
  });
});
