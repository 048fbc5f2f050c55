import { describe, expect, it } from 'vitest';
import { createWhisperRules } from './whisper-rules.ts';
import type { WhisperTokens } from './whisper-tokens.ts';

/** Words 0 to 3, the end 4, other special tokens 5 and 6, timestamps 7 to 15. */
const tokens: WhisperTokens = {
  startId: 5,
  endId: 4,
  noTimestampsId: 6,
  firstTimestampId: 7,
  languages: new Map(),
  tasks: new Map(),
  suppressed: [2, 5],
  suppressedFirst: [3, 4],
  latestFirstTimestamp: 3,
};
const VOCABULARY = 16;

/** Tokens that may come, where all but those of `likely` are about equal. */
function allowed(
  generated: readonly number[],
  timestamps = true,
  likely: Readonly<Record<number, number>> = { 0: 9, 4: 9 },
) {
  const logits = new Float32Array(VOCABULARY);
  for (const [id, logit] of Object.entries(likely)) logits[Number(id)] = logit;
  createWhisperRules(tokens, timestamps)(logits, generated);
  return Array.from(logits.keys()).filter((id) => logits[id] !== Number.NEGATIVE_INFINITY);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('what Whisper may say without timestamps', () => {
  it('leaves out suppressed tokens, and others first', () => {
    expect(allowed([], false)).toEqual([0, 1, ...range(6, 16)]);
    expect(allowed([0], false)).toEqual([0, 1, 3, 4, ...range(6, 16)]);
  });
});

describe('what Whisper may say with timestamps', () => {
  it('begins with a timestamp that is not too late', () => {
    expect(allowed([])).toEqual([7, 8, 9, 10]);
  });

  it('begins with any timestamp where there is no limit', () => {
    const logits = new Float32Array(VOCABULARY);
    createWhisperRules({ ...tokens, latestFirstTimestamp: undefined }, true)(logits, []);
    expect(logits.subarray(7).every((logit) => logit === 0)).toBe(true);
  });

  it('goes on with text after the first timestamp', () => {
    expect(allowed([8])).toEqual([0, 1, 3, 4]);
  });

  it('ends a piece later than it began', () => {
    expect(allowed([8, 0])).toEqual([0, 1, 3, 4, ...range(9, 16)]);
  });

  it('goes on with a start, or the end, after the end of a piece', () => {
    expect(allowed([8, 0, 10])).toEqual([4, ...range(10, 16)]);
  });

  it('goes on with text after a pair', () => {
    expect(allowed([8, 0, 10, 10])).toEqual([0, 1, 3, 4]);
  });

  it('takes a timestamp when all of them are likelier than any other token', () => {
    // Seven times exp(1) exceeds exp(2.9), though each of them is less.
    const later = { 9: 1, 10: 1, 11: 1, 12: 1, 13: 1, 14: 1, 15: 1 };
    expect(allowed([8, 0], true, { ...later, 0: 2.9 })).toEqual(range(9, 16));
    expect(allowed([8, 0], true, { ...later, 0: 3 })).toContain(0);
  });

  it('counts no suppressed token among the others', () => {
    expect(allowed([8, 0], true, { 2: 50 })).toEqual(range(9, 16));
  });

  it('keeps to text where no timestamp is left', () => {
    expect(allowed([8, 0, 15, 15, 1])).toEqual([0, 1, 3, 4]);
  });
});
