/** The value below which `share` of the samples lie (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[rank] ?? Number.NaN;
}

/** Median of the repeats of a measurement, with the smallest and the largest. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** See {@link Spread}. */
export function spreadOf(samples: readonly number[]): Spread {
  return { median: percentile(samples, 0.5), min: Math.min(...samples), max: Math.max(...samples) };
}

/** Median and quartiles of samples of a machine that does other things as well. */
export interface Quartiles {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** See {@link Quartiles}. */
export function quartilesOf(samples: readonly number[]): Quartiles {
  return { median: percentile(samples, 0.5), low: percentile(samples, 0.25), high: percentile(samples, 0.75) };
}
