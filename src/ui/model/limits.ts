import * as v from 'valibot';
import { CAVEAT_SCHEMAS, type CaveatValues } from '../../protocol/grant.ts';
import { formatBytes, formatCount, formatPlural } from '../format/numbers.ts';
import { formatDuration } from '../format/time.ts';

export const LIMIT_KEYS = [
  'maxConcurrent',
  'maxRatePerMinute',
  'maxTokens',
  'maxMemoryBytes',
  'maxComputeMsPerDay',
] as const;
export type LimitKey = (typeof LIMIT_KEYS)[number];
export type LimitValues = Pick<CaveatValues, LimitKey>;

/** One limit as people read and type it. */
export interface LimitField {
  readonly key: LimitKey;
  readonly label: string;
  /** Unit behind the input. */
  readonly unit: string;
  /** Stored units in one typed unit. */
  readonly scale: number;
  /** Decimals that a typed value may have. */
  readonly digits: number;
  /** The limit as the rest of a sentence that starts with "up to". */
  readonly sentence: (value: number) => string;
}

// Three words take about four tokens in English; rounded, because it is a feeling for size and no promise.
const wordsOf = (tokens: number): string => {
  const words = tokens * 0.75;
  const step = words >= 1000 ? 100 : 10;
  return words < step ? '' : ` (about ${formatCount(Math.round(words / step) * step)} words)`;
};

export const LIMIT_FIELDS: Readonly<Record<LimitKey, LimitField>> = {
  maxConcurrent: {
    key: 'maxConcurrent',
    label: 'At the same time',
    unit: 'requests',
    scale: 1,
    digits: 0,
    sentence: (value) => `${formatPlural(value, 'request')} at a time`,
  },
  maxRatePerMinute: {
    key: 'maxRatePerMinute',
    label: 'How often',
    unit: 'requests a minute',
    scale: 1,
    digits: 0,
    sentence: (value) => `${formatPlural(value, 'request')} a minute`,
  },
  maxTokens: {
    key: 'maxTokens',
    label: 'Length of an answer',
    unit: 'tokens',
    scale: 1,
    digits: 0,
    sentence: (value) => `${formatPlural(value, 'token')} an answer${wordsOf(value)}`,
  },
  maxMemoryBytes: {
    key: 'maxMemoryBytes',
    label: 'Memory for models',
    unit: 'MB',
    scale: 2 ** 20,
    digits: 2,
    sentence: (value) => `${formatBytes(value)} of memory`,
  },
  maxComputeMsPerDay: {
    key: 'maxComputeMsPerDay',
    label: 'Computing time',
    unit: 'minutes a day',
    scale: 60_000,
    digits: 2,
    sentence: (value) => `${formatDuration(value, 'long')} of computing a day`,
  },
};

/** A typed number, or what is wrong with it in words for the person who typed it. */
export type Typed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly error: string };

/** The text an input starts with. */
export function limitText(key: LimitKey, value: number): string {
  const { scale, digits } = LIMIT_FIELDS[key];
  const shown = Number((value / scale).toFixed(digits));
  // A value too small for the decimals must not read as nothing at all.
  return String(shown > 0 ? shown : value / scale);
}

/** Reads what was typed for a limit. With `ceiling`, more than that is an error: an answer may only narrow. */
export function parseLimit(key: LimitKey, text: string, ceiling?: number): Typed {
  const { scale, unit } = LIMIT_FIELDS[key];
  if (ceiling !== undefined && text.trim() === limitText(key, ceiling)) return { ok: true, value: ceiling };
  const typed = parseNumber(text);
  if (typed === undefined) return { ok: false, error: `Type a number of ${unit}.` };
  const value = Math.round(typed * scale);
  if (scale === 1 && value !== typed) return { ok: false, error: 'Type a whole number.' };
  const { min, max } = boundsOf(key);
  const top = Math.min(max, ceiling ?? max);
  if (value < min)
    return { ok: false, error: `At least ${limitText(key, Math.max(min, scale === 1 ? 1 : scale / 100))}.` };
  if (value > top) {
    const what = ceiling !== undefined && ceiling <= max ? ', what the site asked for' : '';
    return { ok: false, error: `At most ${limitText(key, top)}${what}.` };
  }
  return v.is(CAVEAT_SCHEMAS[key], value) ? { ok: true, value } : { ok: false, error: `Type a number of ${unit}.` };
}

/** A plain decimal number, with grouping commas or spaces allowed; undefined for anything else. */
export function parseNumber(text: string): number | undefined {
  const plain = text.trim().replace(/(?<=\d)[,\s](?=\d{3}(?!\d))/g, '');
  return /^\d{1,15}(\.\d{1,12})?$/.test(plain) ? Number(plain) : undefined;
}

/** The bounds that the protocol sets for a limit, read from its schema. */
export function boundsOf(key: LimitKey): { readonly min: number; readonly max: number } {
  let min = 0;
  let max = Number.MAX_SAFE_INTEGER;
  for (const step of CAVEAT_SCHEMAS[key].pipe) {
    if (step.type === 'min_value') min = step.requirement;
    if (step.type === 'max_value') max = step.requirement;
  }
  return { min, max };
}
