/** Zero crossings of the sinc function on either side that are kept. */
const ZERO_CROSSINGS = 6;
/** Share of the lower one of both bands that passes: what the window lets through above it would fold back. */
const ROLLOFF = 0.99;

/** Weights of the samples around one point: `weights[i]` is that of the sample `first + i` of the point's period. */
interface Phase {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * Changes the rate of samples by band-limited interpolation (J. O. Smith, "Digital Audio Resampling Home Page",
 * https://ccrma.stanford.edu/~jos/resample/): a sinc low-pass under a Hann window, evaluated at the new points. Its parameters
 * are those of `torchaudio.functional.resample`, which the reference outputs of models were made with. Samples outside count as 0.
 *
 * @param from whole numbers of Hz, as `to`
 * @returns ceil(length * to / from) samples
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array<ArrayBuffer> {
  if (from === to) return samples.slice();
  const divisor = greatestCommonDivisor(from, to);
  const [fromPeriod, toPeriod] = [from / divisor, to / divisor];
  const result = new Float32Array(Math.ceil((samples.length * toPeriod) / fromPeriod));
  // Points at the same place of their periods have the same weights.
  const phases: Phase[] = [];
  for (let at = 0; at < result.length; at += 1) {
    const place = at % toPeriod;
    phases[place] ??= phaseAt(place, fromPeriod, toPeriod);
    const { first, weights } = phases[place];
    const start = ((at - place) / toPeriod) * fromPeriod + first;
    const [low, high] = [Math.max(0, -start), Math.min(weights.length, samples.length - start)];
    let sum = 0;
    for (let tap = low; tap < high; tap += 1) sum += (samples[start + tap] ?? 0) * (weights[tap] ?? 0);
    result[at] = sum;
  }
  return result;
}

/** The weights for the point `place` of `toPeriod` in a period of `fromPeriod` samples. */
function phaseAt(place: number, fromPeriod: number, toPeriod: number): Phase {
  /** Zero crossings in a period. */
  const band = Math.min(fromPeriod, toPeriod) * ROLLOFF;
  const center = (place * fromPeriod) / toPeriod;
  const reach = (ZERO_CROSSINGS * fromPeriod) / band;
  const first = Math.ceil(center - reach);
  const weights = new Float32Array(Math.floor(center + reach) - first + 1);
  for (let tap = 0; tap < weights.length; tap += 1) {
    const crossings = ((first + tap) / fromPeriod - place / toPeriod) * band;
    const window = Math.cos((crossings * Math.PI) / ZERO_CROSSINGS / 2) ** 2;
    weights[tap] = (sinc(crossings) * window * band) / fromPeriod;
  }
  return { first, weights };
}

/** sin(pi x) / (pi x) */
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
