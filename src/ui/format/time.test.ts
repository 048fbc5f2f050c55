import { describe, expect, it } from 'vitest';
import { formatDuration, formatRelative } from './time.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('formatDuration', () => {
  it.each([
    [0, '0 sec'],
    [0.2, '1 ms'],
    [350, '350 ms'],
    [12_400, '12.4 sec'],
    [59_960, '1 min'],
    [MINUTE, '1 min'],
    [96 * SECOND, '1 min 36 sec'],
    [HOUR + 5 * MINUTE + 59 * SECOND, '1 hr 5 min'],
    [26 * HOUR, '1 day 2 hr'],
    [DAY, '1 day'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('writes units in full on request', () => {
    expect(formatDuration(HOUR + 5 * MINUTE, 'long')).toBe('1 hour 5 minutes');
  });
});

describe('formatRelative', () => {
  it.each([
    [-5 * SECOND, 'now'],
    [-5 * MINUTE, '5 minutes ago'],
    [40 * MINUTE, 'in 40 minutes'],
    [HOUR - SECOND, 'in 1 hour'],
    [3 * HOUR, 'in 3 hours'],
    [DAY - SECOND, 'tomorrow'],
    [DAY, 'tomorrow'],
    [-40 * DAY, '40 days ago'],
  ])('writes %d ms from now as %s', (ms, text) => {
    expect(formatRelative(1e12 + ms, 1e12)).toBe(text);
  });
});
