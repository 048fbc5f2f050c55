import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { LIMIT_KEYS } from '../../permissions/types.ts';
import { CAVEAT_SCHEMAS } from '../../protocol/grant.ts';
import { LIMIT_FIELDS, limitText, parseLimit, parseLowered } from './limits.ts';

describe('parseLimit', () => {
  it('reads what it writes', () => {
    for (const key of LIMIT_KEYS) {
      const value = LIMIT_FIELDS[key].scale * 4;
      expect(parseLimit(key, limitText(key, value))).toEqual({ ok: true, value });
    }
  });

  it.each(['', ' ', 'many', '-1', '1e9', '0x10', 'NaN', 'Infinity', '1.2.3', '1,2'])('refuses %j', (text) => {
    expect(parseLimit('maxTokens', text).ok).toBe(false);
  });

  it('takes grouping and decimals where they mean something', () => {
    expect(parseLimit('maxTokens', ' 1,024 ')).toEqual({ ok: true, value: 1024 });
    expect(parseLimit('maxComputeMsPerDay', '1.5')).toEqual({ ok: true, value: 90_000 });
    expect(parseLimit('maxTokens', '1.5')).toEqual({ ok: false, error: 'Type a whole number.' });
  });

  it('has the bounds of the protocol', () => {
    for (const key of LIMIT_KEYS) {
      const { min, max } = LIMIT_FIELDS[key];
      expect(v.is(CAVEAT_SCHEMAS[key], min)).toBe(true);
      expect(v.is(CAVEAT_SCHEMAS[key], max)).toBe(true);
      expect(v.is(CAVEAT_SCHEMAS[key], min - 1)).toBe(false);
      expect(v.is(CAVEAT_SCHEMAS[key], max + 1)).toBe(false);
    }
    expect(parseLimit('maxConcurrent', '65')).toEqual({ ok: false, error: 'At most 64.' });
    expect(parseLimit('maxConcurrent', '0')).toEqual({ ok: false, error: 'At least 1.' });
  });
});

describe('parseLowered', () => {
  it('lowers and never raises', () => {
    expect(parseLowered('maxTokens', '10', 512)).toEqual({ ok: true, value: 10 });
    expect(parseLowered('maxTokens', '513', 512)).toEqual({
      ok: false,
      error: 'At most 512, what the site asked for.',
    });
  });

  it('keeps a value that its text had to round', () => {
    const odd = 123_456_789;
    expect(parseLowered('maxMemoryBytes', limitText('maxMemoryBytes', odd), odd)).toEqual({ ok: true, value: odd });
    expect(limitText('maxMemoryBytes', 1)).not.toBe('0');
  });
});

it('says limits in plain words', () => {
  expect(LIMIT_FIELDS.maxConcurrent.sentence(1)).toBe('1 request at a time');
  expect(LIMIT_FIELDS.maxTokens.sentence(1024)).toBe('1,024 tokens an answer, about 770 words');
  expect(LIMIT_FIELDS.maxTokens.sentence(4)).toBe('4 tokens an answer');
  expect(LIMIT_FIELDS.maxComputeMsPerDay.sentence(600_000)).toBe('10 minutes of computing a day');
});
