/** How one golden result was met. */
export interface Check {
  readonly name: string;
  readonly outcome: 'met' | 'missed' | 'skipped';
  /** Largest absolute difference and what is allowed, or why it was skipped or failed. */
  readonly detail: string;
}

export const met = (name: string, detail: string): Check => ({ name, outcome: 'met', detail });
export const missed = (name: string, detail: string): Check => ({ name, outcome: 'missed', detail });
export const skipped = (name: string, detail: string): Check => ({ name, outcome: 'skipped', detail });

/** Compares numbers with a bound that includes NaN among what is too far off. */
export function checkNumbers(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  atol: number,
): Check {
  if (actual.length !== expected.length) return missed(name, `${actual.length} values, not ${expected.length}`);
  let [worst, relative] = [0, 0];
  for (let at = 0; at < expected.length; at += 1) {
    const [value = Number.NaN, wanted = Number.NaN] = [actual[at], expected[at]];
    const difference = Math.abs(value - wanted);
    if (!(difference <= worst)) worst = difference;
    if (wanted !== 0) relative = Math.max(relative, difference / Math.abs(wanted));
    if (Number.isNaN(worst)) break;
  }
  const detail = `largest error ${worst.toExponential(1)}, relative ${relative.toExponential(1)}, allowed ${atol.toExponential(1)}`;
  return worst <= atol ? met(name, detail) : missed(name, detail);
}

/** Compares what has to be exactly the same. */
export function checkSame(name: string, actual: unknown, expected: unknown): Check {
  const [is, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  return is === wanted
    ? met(name, 'the same')
    : missed(name, `${is?.slice(0, 120)} where ${wanted?.slice(0, 120)} is right`);
}
