import { describe, expect, it } from 'vitest';
import { sumTallies, tallyVitest } from './tally.ts';

const test = (fullName: string, status: string) => ({ fullName, status });

describe('tallyVitest', () => {
  it('counts tests and names the skipped ones', () => {
    const tally = tallyVitest({
      numPassedTests: 1,
      success: false,
      testResults: [
        {
          name: 'a',
          status: 'failed',
          assertionResults: [test('works', 'passed'), test('breaks', 'failed'), test('later', 'skipped')],
        },
      ],
    });
    expect(tally).toEqual({ passed: 1, failed: 1, skipped: ['later'] });
  });

  it('counts a file that did not load', () => {
    const tally = tallyVitest({
      numPassedTests: 0,
      success: false,
      testResults: [{ name: 'a', status: 'failed', assertionResults: [] }],
    });
    expect(tally.failed).toBe(1);
  });

  it('counts a failure outside any test', () => {
    expect(tallyVitest({ numPassedTests: 0, success: false, testResults: [] }).failed).toBe(1);
  });
});

describe('sumTallies', () => {
  it('adds up runners', () => {
    expect(
      sumTallies([
        { passed: 2, failed: 0, skipped: ['x'] },
        { passed: 3, failed: 1, skipped: [] },
      ]),
    ).toEqual({ passed: 5, failed: 1, skipped: ['x'] });
  });
});
