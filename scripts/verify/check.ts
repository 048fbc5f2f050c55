/** How one golden result was met. */
export interface Check {
  readonly name: string;
  /** `measured` is told and not judged: nothing says how far it may be off. */
  readonly outcome: 'met' | 'missed' | 'measured' | 'skipped';
  /** Largest differences and what is allowed, or why it was skipped or failed. */
  readonly detail: string;
  /** Of numbers, how far they are off. */
  readonly deviation?: Deviation;
}

/** How far numbers are off. */
export interface Deviation {
  /** Largest absolute difference. */
  readonly absolute: number;
  /** Largest difference as a share of the number that is right; numbers that are 0 are left out. */
  readonly relative: number;
  /** Root of the mean square of the differences, as a share of that of the numbers that are right. */
  readonly rms: number;
}

/** What is allowed: a largest absolute difference, or a root mean square as a share; undefined where nothing says. */
export type Allowed = { readonly absolute: number } | { readonly rms: number } | undefined;

export const met = (name: string, detail: string): Check => ({ name, outcome: 'met', detail });
export const missed = (name: string, detail: string): Check => ({ name, outcome: 'missed', detail });
export const skipped = (name: string, detail: string): Check => ({ name, outcome: 'skipped', detail });
export const measured = (name: string, detail: string): Check => ({ name, outcome: 'measured', detail });

/**
 * How far `actual` is from `expected`, of the same length; NaN where a number is none.
 *
 * @param mask one element for each of the leading axes: what has no 1 in it is passed over
 */
export function deviationOf(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  mask?: readonly number[],
): Deviation {
  const stretch = mask ? expected.length / mask.length : expected.length;
  let [absolute, relative, error, total] = [0, 0, 0, 0];
  for (let at = 0; at < expected.length; at += 1) {
    if (mask && mask[Math.floor(at / stretch)] !== 1) continue;
    const [value = Number.NaN, wanted = Number.NaN] = [actual[at], expected[at]];
    const difference = Math.abs(value - wanted);
    // NaN is no number below any bound, and must not be passed over.
    if (!(difference <= absolute)) absolute = difference;
    if (Number.isNaN(difference)) return { absolute, relative: Number.NaN, rms: Number.NaN };
    if (wanted !== 0) relative = Math.max(relative, difference / Math.abs(wanted));
    error += difference ** 2;
    total += wanted ** 2;
  }
  return { absolute, relative, rms: Math.sqrt(error / (total || 1)) };
}

/** Compares numbers with a bound that includes NaN among what is too far off. */
export function checkNumbers(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  allowed: Allowed,
  mask?: readonly number[],
): Check {
  if (actual.length !== expected.length) return missed(name, `${actual.length} values, not ${expected.length}`);
  const deviation = deviationOf(actual, expected, mask);
  const told = `largest error ${brief(deviation.absolute)}, relative ${brief(deviation.relative)}`;
  const spread = `root mean square ${brief(deviation.rms)}`;
  if (!allowed) {
    // Not even that nothing is said makes NaN a result.
    return { name, outcome: Number.isNaN(deviation.absolute) ? 'missed' : 'measured', detail: told, deviation };
  }
  const [is, most] = 'rms' in allowed ? [deviation.rms, allowed.rms] : [deviation.absolute, allowed.absolute];
  const detail = 'rms' in allowed ? `${told}, ${spread}, allowed ${brief(most)}` : `${told}, allowed ${brief(most)}`;
  return { name, outcome: is <= most ? 'met' : 'missed', detail, deviation };
}

export const brief = (value: number): string => value.toExponential(1);

/** Compares what has to be exactly the same; where nothing says that it has to be, tells how it is. */
export function checkSame(name: string, actual: unknown, expected: unknown, exact = true): Check {
  const [is, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is === wanted) return met(name, 'the same');
  const detail = `${is?.slice(0, 120)} where ${wanted?.slice(0, 120)} is right`;
  return exact ? missed(name, detail) : measured(name, detail);
}

/** Compares token ids one by one. */
export function checkTokens(name: string, actual: readonly number[], expected: readonly number[], exact = true): Check {
  const length = Math.max(actual.length, expected.length);
  const wrong = Array.from({ length }, (_, at) => at).filter((at) => actual[at] !== expected[at]);
  if (wrong.length === 0) return met(name, `${length} tokens the same`);
  const detail = `${wrong.length} of ${length} tokens differ, the first at ${wrong[0]}: ${actual[wrong[0] ?? 0]} where ${expected[wrong[0] ?? 0]} is right`;
  return exact ? missed(name, detail) : measured(name, detail);
}
