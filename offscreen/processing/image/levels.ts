/** What each of the 256 levels of each of three channels becomes: float32 [3, 256]. */
export type Levels = Float32Array<ArrayBuffer>;

export const CHANNELS = 3;
export const LEVELS = 256;

/** Steps from a level to what a model takes; a step that is left out is not done. */
export interface LevelSteps {
  /** By what levels are multiplied. */
  readonly factor: number | undefined;
  /** What is subtracted from each channel afterwards, and by what the difference is divided. */
  readonly normal: { readonly mean: readonly number[]; readonly deviation: readonly number[] } | undefined;
}

/** Rounds to float32 after each step, as the image processors of Hugging Face do. */
export function levelsOf({ factor, normal }: LevelSteps): Levels {
  return Float32Array.from({ length: CHANNELS * LEVELS }, (_, i) => {
    const [channel, level] = [Math.floor(i / LEVELS), i % LEVELS];
    const scaled = Math.fround(factor === undefined ? level : level * factor);
    if (!normal) return scaled;
    const [mean, deviation] = [normal.mean[channel] ?? Number.NaN, normal.deviation[channel] ?? Number.NaN];
    return Math.fround(scaled - Math.fround(mean)) / Math.fround(deviation);
  });
}
