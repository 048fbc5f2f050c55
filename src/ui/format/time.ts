import { LOCALE } from './numbers.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Unit = 'millisecond' | 'second' | 'minute' | 'hour' | 'day';
const UNITS: readonly (readonly [Unit, number])[] = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
  ['millisecond', 1],
];

function formatUnit(value: number, unit: Unit, display: 'long' | 'short', digits: number): string {
  const options = { style: 'unit', unit, unitDisplay: display, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(LOCALE, options).format(value);
}

/**
 * A duration in its two largest units: `1 hr 5 min`, `12.4 sec`, `350 ms`; `display: 'long'` writes `1 hour 5 minutes`.
 */
export function formatDuration(ms: number, display: 'long' | 'short' = 'short'): string {
  if (ms <= 0) return formatUnit(0, 'second', display, 0);
  if (ms < SECOND) return formatUnit(Math.max(1, Math.round(ms)), 'millisecond', display, 0);
  if (ms < MINUTE - 50) return formatUnit(ms / SECOND, 'second', display, 1);
  const rounded = Math.round(ms / SECOND) * SECOND;
  const at = Math.max(
    0,
    UNITS.findIndex(([, size]) => rounded >= size),
  );
  const parts: string[] = [];
  let rest = rounded;
  for (const [unit, size] of UNITS.slice(at, at + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && size >= SECOND) parts.push(formatUnit(count, unit, display, 0));
  }
  return parts.join(' ');
}

const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });

/** Units from small to large, with how many make one of the next. */
const STEPS = [
  ['second', SECOND, 60],
  ['minute', MINUTE, 60],
  ['hour', HOUR, 24],
] as const;

/** `5 minutes ago`, `in 3 hours`, `now`, in the largest unit that fits: an hour less a second is `in 1 hour`. */
export function formatRelative(time: number, now: number): string {
  const ms = time - now;
  if (Math.abs(ms) < 10 * SECOND) return relative.format(0, 'second');
  for (const [unit, size, many] of STEPS) {
    const count = Math.round(ms / size);
    if (Math.abs(count) < many) return relative.format(count, unit);
  }
  return relative.format(Math.round(ms / DAY), 'day');
}

const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' });

/** `Nov 23, 2026, 4:50 AM` in the time zone of the user. */
export function formatMoment(time: number): string {
  return moment.format(time);
}
