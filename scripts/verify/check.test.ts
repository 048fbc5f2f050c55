import { expect, it } from 'vitest';
import { checkNumbers, checkSame } from './check.ts';

it('takes numbers within the bound, and tells the largest error', () => {
  expect(checkNumbers('x', [1, 2.5], [1, 2], 0.5)).toEqual({
    name: 'x',
    outcome: 'met',
    detail: 'largest error 5.0e-1, relative 2.5e-1, allowed 5.0e-1',
  });
  expect(checkNumbers('x', [1, 2.6], [1, 2], 0.5).outcome).toBe('missed');
});

it.each([
  ['one that is no number', [1, Number.NaN]],
  ['too few', [1]],
  ['too many', [1, 2, 3]],
])('misses %s', (_, actual) => {
  expect(checkNumbers('x', actual, [1, 2], 1e9).outcome).toBe('missed');
});

it('compares texts and lists exactly', () => {
  expect(checkSame('x', ['a', 'b'], ['a', 'b']).outcome).toBe('met');
  expect(checkSame('x', ['b', 'a'], ['a', 'b']).outcome).toBe('missed');
  expect(checkSame('x', undefined, 'a').outcome).toBe('missed');
});
