/** The interface is written in English; figures follow it, so that a sentence never mixes two conventions. */
export const LOCALE = 'en';

const integer = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 0 });

/** `12,345` */
export function formatCount(count: number): string {
  return integer.format(count);
}

/** `12,345` below one hundred thousand, `1.2M` above: for columns of figures. */
export function formatCompact(count: number): string {
  return count < 100_000 ? integer.format(count) : compact.format(count);
}

/** `45%` of a share between 0 and 1. */
export function formatShare(share: number): string {
  return percent.format(share);
}

/** `1 request`, `2 requests`; pass `many` where adding an s is not the plural. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${integer.format(count)} ${count === 1 ? one : many}`;
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1.5 GB`, or what `nothing` says. Steps of 1024, like the memory figures of browsers and operating systems. */
export function formatBytes(bytes: number, nothing = 'none'): string {
  if (bytes <= 0) return nothing;
  const exponent = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** exponent;
  // 1023.6 MB would print as 1,024 MB: the next unit says the same in fewer digits.
  const carry = exponent > 0 && exponent < BYTE_UNITS.length - 1 && value >= 1023.5;
  const unit = BYTE_UNITS[carry ? exponent + 1 : exponent] ?? 'byte';
  const shown = carry ? value / 1024 : value;
  return new Intl.NumberFormat(LOCALE, {
    style: 'unit',
    unit,
    unitDisplay: exponent === 0 ? 'long' : 'short',
    maximumFractionDigits: exponent === 0 || shown >= 100 ? 0 : 1,
  }).format(shown);
}
