/** A number from 0 up to 1, the latter excluded. */
export type Draw = () => number;

/**
 * Four views of a recording that is longer than a model hears (feature fusion, Wu et al. 2022, arXiv:2211.06687, section 2.3): all of
 * it, shrunk, and `frames` frames of each third, which `draw` chooses.
 *
 * @param levels [all frames, bands], more than `frames`, or as many
 * @returns four times [frames, bands]
 */
export function fuseViews(levels: Float32Array, bands: number, frames: number, draw: Draw): readonly Float32Array[] {
  const starts = levels.length / bands - frames + 1;
  if (starts === 1) return [levels, levels, levels, levels];
  const parts = thirds(starts).map(([first, count]) => {
    // A recording that is hardly longer has no third of its own: its beginning stands in.
    const start = count === 0 ? 0 : first + Math.floor(draw() * count);
    return levels.subarray(start * bands, (start + frames) * bands);
  });
  return [shrink(levels, bands, frames), ...parts];
}

/** First number and count of each third of the numbers below `count`; the first ones are larger by one where it does not divide. */
function thirds(count: number): readonly (readonly [first: number, count: number])[] {
  const sizes = [0, 1, 2].map((part) => Math.floor(count / 3) + (part < count % 3 ? 1 : 0));
  const [a = 0, b = 0, c = 0] = sizes;
  return [
    [0, a],
    [a, b],
    [a + b, c],
  ];
}

/** Fewer frames by linear interpolation between their centres (`interpolate` of PyTorch, bilinear, without aligned corners). */
function shrink(levels: Float32Array, bands: number, frames: number): Float32Array {
  const all = levels.length / bands;
  const result = new Float32Array(frames * bands);
  for (let frame = 0; frame < frames; frame += 1) {
    const position = Math.max(0, ((frame + 0.5) * all) / frames - 0.5);
    const before = Math.floor(position);
    const after = Math.min(before + 1, all - 1);
    const share = position - before;
    for (let band = 0; band < bands; band += 1) {
      const [a, b] = [levels[before * bands + band] as number, levels[after * bands + band] as number];
      result[frame * bands + band] = a + (b - a) * share;
    }
  }
  return result;
}
