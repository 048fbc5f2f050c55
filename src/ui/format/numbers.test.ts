import { describe, expect, it } from 'vitest';
import { formatBytes, formatCompact, formatPlural } from './numbers.ts';

describe('formatBytes', () => {
  it.each([
    [0, 'none'],
    [1, '1 byte'],
    [1023, '1,023 bytes'],
    [1024, '1 kB'],
    [1536, '1.5 kB'],
    [20 * 2 ** 20, '20 MB'],
    [150.4 * 2 ** 20, '150 MB'],
    [2 ** 30 - 1, '1 GB'],
    [4 * 2 ** 30, '4 GB'],
    [2 ** 40, '1 TB'],
    [2 ** 50, '1,024 TB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

it('abbreviates only large counts', () => {
  expect(formatCompact(99_999)).toBe('99,999');
  expect(formatCompact(1_234_567)).toBe('1.2M');
});

it('agrees in number', () => {
  expect(formatPlural(1, 'request')).toBe('1 request');
  expect(formatPlural(0, 'request')).toBe('0 requests');
  expect(formatPlural(1200, 'copy', 'copies')).toBe('1,200 copies');
});
