import { expect, it } from 'vitest';
import { frameTimes } from './video.ts';

it('looks at the middles of equal parts, no more often than pictures change and memory allows', () => {
  expect(frameTimes(8, 4)).toHaveLength(64);
  expect(frameTimes(0.1, 4)).toHaveLength(8);
  expect(frameTimes(8, 4).slice(0, 2)).toEqual([0.0625, 0.1875]);
  expect(frameTimes(100, 64 * 2 ** 20)).toEqual([12.5, 37.5, 62.5, 87.5]);
  expect(frameTimes(2, 2 ** 30)).toEqual([1]);
});
