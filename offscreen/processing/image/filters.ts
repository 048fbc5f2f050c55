import { unsupported } from '../../graphs/config-fields.ts';

/** Weighs pixels by their distance from the place that is asked for. */
export interface Filter {
  /** Distance beyond which the weight is 0. Distances are in pixels of the source, of the target where that is the smaller one. */
  readonly support: number;
  weigh(distance: number): number;
}

/** Takes the pixel at the place, or weighs those around it. */
export type Resampling = 'nearest' | Filter;

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The mean of what a pixel covers. */
const box: Filter = { support: 0.5, weigh: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) };

/** Falls in a straight line. */
const bilinear: Filter = { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)) };

/** Hamming's window on a sinc of one lobe; the library has its two numbers in single precision. */
const hamming: Filter = {
  support: 1,
  weigh: (x) =>
    Math.abs(x) < 1 ? sinc(x) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(Math.PI * Math.abs(x))) : 0,
};

/** Keys's cubic convolution (1981, doi:10.1109/TASSP.1981.1163711) with a = -1/2. */
const bicubic: Filter = {
  support: 2,
  weigh(distance) {
    const x = Math.abs(distance);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? -0.5 * (((x - 5) * x + 8) * x - 4) : 0;
  },
};

/** A sinc windowed by the middle lobe of a three times wider one (Lanczos, a = 3). */
const lanczos: Filter = { support: 3, weigh: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) };

/** By the codes of Pillow, which stand in `resample` of `preprocessor_config.json` (https://pillow.readthedocs.io, Resampling). */
const BY_CODE: readonly Resampling[] = ['nearest', lanczos, bilinear, bicubic, box, hamming];

/** @throws WebplatError `model-unsupported` when the code means no filter */
export function resamplingOf(code: number): Resampling {
  const found = BY_CODE[code];
  if (!found) throw unsupported(`Resampling ${code}; known are 0 to ${BY_CODE.length - 1}.`);
  return found;
}
