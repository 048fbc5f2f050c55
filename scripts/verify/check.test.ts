import { expect, it } from 'vitest';
import { checkStored, sameBits } from './bounds.ts';
import { checkNumbers, checkSame, checkTokens } from './check.ts';

it('takes numbers within the bound, and tells the largest error', () => {
  expect(checkNumbers('x', [1, 2.5], [1, 2], { absolute: 0.5 })).toMatchObject({
    name: 'x',
    outcome: 'met',
    detail: 'largest error 5.0e-1, relative 2.5e-1, allowed 5.0e-1',
  });
  expect(checkNumbers('x', [1, 2.6], [1, 2], { absolute: 0.5 }).outcome).toBe('missed');
});

it('takes numbers whose differences are small as a share of them', () => {
  const { deviation, outcome } = checkNumbers('x', [3, 4.5], [3, 4], { rms: 0.1 });
  expect(deviation?.rms).toBeCloseTo(0.1, 12);
  expect(outcome).toBe('met');
  expect(checkNumbers('x', [3, 4.5], [3, 4], { rms: 0.0999 }).outcome).toBe('missed');
});

it('passes over what a mask leaves out', () => {
  expect(checkNumbers('x', [1, 2, 9, 9], [1, 2, 0, 0], { absolute: 0 }, [1, 0]).outcome).toBe('met');
  expect(checkNumbers('x', [1, 2, 9, 9], [1, 2, 0, 0], { absolute: 0 }, [1, 1]).outcome).toBe('missed');
});

it('tells what nothing is said about, and judges it by nothing but whether it is a number', () => {
  expect(checkNumbers('x', [1], [9], undefined)).toMatchObject({ outcome: 'measured', deviation: { absolute: 8 } });
  expect(checkNumbers('x', [Number.NaN], [9], undefined).outcome).toBe('missed');
  expect(checkSame('x', 'a', 'b', false).outcome).toBe('measured');
  expect(checkTokens('x', [1], [2], false).outcome).toBe('measured');
});

it.each([
  ['one that is no number', [1, Number.NaN]],
  ['too few', [1]],
  ['too many', [1, 2, 3]],
])('misses %s', (_, actual) => {
  for (const allowed of [{ absolute: 1e9 }, { rms: 1e9 }]) {
    expect(checkNumbers('x', actual, [1, 2], allowed).outcome).toBe('missed');
  }
});

it('compares texts and lists exactly', () => {
  expect(checkSame('x', ['a', 'b'], ['a', 'b']).outcome).toBe('met');
  expect(checkSame('x', ['b', 'a'], ['a', 'b']).outcome).toBe('missed');
  expect(checkSame('x', undefined, 'a').outcome).toBe('missed');
});

it('counts the tokens that differ, those that are missing too', () => {
  expect(checkTokens('x', [1, 2], [1, 2]).outcome).toBe('met');
  expect(checkTokens('x', [1, 3], [1, 2, 4])).toMatchObject({
    outcome: 'missed',
    detail: '2 of 3 tokens differ, the first at 1: 3 where 2 is right',
  });
});

it('allows what native kernels make of last bits, where that is more than rounding, and never much', () => {
  expect(sameBits('q8', 0)).toBe(1e-4);
  expect(sameBits('q8', 1e-6)).toBe(1e-4);
  expect(sameBits('q8', 5e-5)).toBeCloseTo(4e-4, 12);
  expect(sameBits('fp16', 5e-5)).toBe(2e-3);
  expect(sameBits('q4', 0.5)).toBe(1e-2);
  expect(sameBits('q4', Number.NaN)).toBeNaN();
  const stored = { values: [1, 2], shaken: 5e-5 };
  expect(checkStored('x', [1, 2.0008], stored, [1, 2], 'q8').outcome).toBe('met');
  expect(checkStored('x', [1, 2.001], stored, [1, 2], 'q8').outcome).toBe('missed');
  expect(checkStored('x', [1, 2.0008], { values: [1, 2], shaken: 0 }, [1, 2], 'q8').outcome).toBe('missed');
  expect(checkStored('x', [1, 2], { values: [1, 2], shaken: Number.NaN }, [1, 2], 'q8').outcome).toBe('missed');
});
