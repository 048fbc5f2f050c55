import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

const { satisfies } = createRequire(import.meta.url)('./run.cjs') as {
  satisfies(version: string, range: string): boolean;
};

describe('satisfies', () => {
  const range = '^20.19.0 || ^22.13.0 || >=24';
  it.each([
    ['20.19.0', true],
    ['20.18.9', false],
    ['21.7.3', false],
    ['22.12.9', false],
    ['22.13.0', true],
    ['23.11.0', false],
    ['24.0.0', true],
    ['25.1.0', true],
    ['8.17.0', false],
  ])('Node %s: %s', (version, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });

  it('refuses a range that it does not understand', () => {
    expect(() => satisfies('20.0.0', '20.x')).toThrow('unexpected form');
  });
});
