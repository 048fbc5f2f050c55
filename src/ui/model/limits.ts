import { LIMIT_KEYS, type LimitKey } from '../../permissions/types.ts';
import { CAVEAT_SCHEMAS } from '../../protocol/grant.ts';
import { formatBytes, formatCount, formatPlural } from '../format/numbers.ts';
import { formatDuration } from '../format/time.ts';
import { boundsOf, type LabelledMeasure, measureText, parseMeasure, type Typed } from './measure.ts';

/** One limit as people read and type it. */
export interface LimitField extends LabelledMeasure {
  /** The figure with its unit. */
  readonly amount: (value: number) => string;
  /** The limit as the rest of a sentence that starts with "up to". */
  readonly sentence: (value: number) => string;
}

// Four tokens are about three words of English; rounded, because it is a feeling for size and no promise.
function words(tokens: number): string {
  const step = tokens >= 2000 ? 100 : 10;
  const count = Math.round((tokens * 0.75) / step) * step;
  return count === 0 ? '' : `, about ${formatCount(count)} words`;
}

export const LIMIT_FIELDS: Readonly<Record<LimitKey, LimitField>> = {
  maxConcurrent: {
    label: 'At the same time',
    unit: 'requests',
    scale: 1,
    digits: 0,
    ...boundsOf(CAVEAT_SCHEMAS.maxConcurrent),
    amount: (value) => formatPlural(value, 'request'),
    sentence: (value) => `${formatPlural(value, 'request')} at a time`,
  },
  maxRatePerMinute: {
    label: 'How often',
    unit: 'requests a minute',
    scale: 1,
    digits: 0,
    ...boundsOf(CAVEAT_SCHEMAS.maxRatePerMinute),
    amount: (value) => formatPlural(value, 'request'),
    sentence: (value) => `${formatPlural(value, 'request')} a minute`,
  },
  maxTokens: {
    label: 'Length of an answer',
    unit: 'tokens',
    scale: 1,
    digits: 0,
    ...boundsOf(CAVEAT_SCHEMAS.maxTokens),
    amount: (value) => formatPlural(value, 'token'),
    sentence: (value) => `${formatPlural(value, 'token')} an answer${words(value)}`,
  },
  maxMemoryBytes: {
    label: 'Memory for models',
    unit: 'MB',
    scale: 2 ** 20,
    digits: 2,
    ...boundsOf(CAVEAT_SCHEMAS.maxMemoryBytes),
    amount: (value) => formatBytes(value),
    sentence: (value) => `${formatBytes(value)} of memory`,
  },
  maxComputeMsPerDay: {
    label: 'Computing time',
    unit: 'minutes a day',
    scale: 60_000,
    digits: 2,
    ...boundsOf(CAVEAT_SCHEMAS.maxComputeMsPerDay),
    amount: (value) => formatDuration(value, 'long'),
    sentence: (value) => `${formatDuration(value, 'long')} of computing a day`,
  },
};

/** The text an input for the limit starts with. */
export function limitText(key: LimitKey, value: number): string {
  return measureText(LIMIT_FIELDS[key], value);
}

/** Reads what was typed for a limit. */
export function parseLimit(key: LimitKey, text: string): Typed {
  return parseMeasure(LIMIT_FIELDS[key], text);
}

/** Reads what was typed for a limit that may be lowered but not raised above `ceiling`. */
export function parseLowered(key: LimitKey, text: string, ceiling: number): Typed {
  // Untouched text stands for the exact value, which it may have been rounded from.
  if (text.trim() === limitText(key, ceiling)) return { ok: true, value: ceiling };
  const typed = parseLimit(key, text);
  if (!typed.ok || typed.value <= ceiling) return typed;
  return { ok: false, error: `At most ${limitText(key, ceiling)}, what the site asked for.` };
}

/** One value for every limit. */
export function mapLimits<T>(each: (key: LimitKey) => T): Record<LimitKey, T> {
  return Object.fromEntries(LIMIT_KEYS.map((key) => [key, each(key)])) as Record<LimitKey, T>;
}
