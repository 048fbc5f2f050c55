import { describe, expect, it } from 'vitest';
import { segmentsOf } from './whisper-segments.ts';
import type { WhisperTokens } from './whisper-tokens.ts';

/** Timestamps of 0.00, 0.02 ... 30.00 seconds are 1000, 1001 ... 2500; the end is 900. */
const tokens: WhisperTokens = {
  startId: 901,
  endId: 900,
  noTimestampsId: 999,
  firstTimestampId: 1000,
  languages: new Map(),
  tasks: new Map(),
  suppressed: [],
  suppressedFirst: [],
  latestFirstTimestamp: undefined,
};
const at = (seconds: number) => 1000 + Math.round(seconds / 0.02);

describe('segments of a window', () => {
  it('end at pairs of timestamps; what is not finished is heard again', () => {
    const generated = [at(1), 5, 6, at(2), at(3), 7, at(4), at(4), 8, 9];
    const { segments, advance } = segmentsOf(generated, tokens, 60, 30);
    expect(segments).toEqual([
      { start: 61, end: 62, ids: [at(1), 5, 6, at(2)] },
      { start: 63, end: 64, ids: [at(3), 7, at(4)] },
    ]);
    expect(advance).toBeCloseTo(4, 9);
  });

  it('are all there when the last one ends, and the next window follows', () => {
    const { segments, advance } = segmentsOf([at(0), 5, at(2), at(2), 6, at(5), 900], tokens, 0, 30);
    expect(segments.map(({ start, end }) => [start, end])).toEqual([
      [0, 2],
      [2, 5],
    ]);
    expect(advance).toBe(30);
  });

  it('are one where there is no pair, as long as its timestamp says, or the window', () => {
    expect(segmentsOf([at(1), 5, at(7), 900], tokens, 30, 30)).toEqual({
      segments: [{ start: 30, end: 37, ids: [at(1), 5, at(7)] }],
      advance: 30,
    });
    expect(segmentsOf([5, 6], tokens, 30, 12)).toMatchObject({ segments: [{ start: 30, end: 42 }], advance: 12 });
    expect(segmentsOf([at(0), 5], tokens, 0, 12)).toMatchObject({ segments: [{ start: 0, end: 12 }] });
  });

  it('are none where nothing was said', () => {
    expect(segmentsOf([900, 5], tokens, 30, 30)).toEqual({ segments: [], advance: 30 });
  });

  it('never keep the window where it is, nor lead beyond it', () => {
    expect(segmentsOf([at(0), at(0), 5], tokens, 0, 30).advance).toBe(30);
    expect(segmentsOf([at(0), 5, at(20), at(21), 6], tokens, 0, 12).advance).toBe(12);
  });
});
