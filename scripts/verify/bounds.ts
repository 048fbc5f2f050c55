import { type Allowed, brief, type Check, checkNumbers } from './check.ts';

/**
 * How far an output of weights in few bits may be, as root mean square, from what other kernels compute with weights stored in the same
 * bits. These are the same products in another order: rounding in float32, 2^-24 for each step, is all that differs, and this leaves
 * room for a thousand times as much.
 */
const SAME_BITS = 1e-4;

/** The same for 16-bit floats, whose rounding is 2^-11 for each step: four times that. */
const SAME_HALVES = 2e-3;

export const sameBits = (precision: string): Allowed => ({ rms: precision === 'fp16' ? SAME_HALVES : SAME_BITS });

/**
 * Judges an output in fewer bits than float32. The tolerances of the golden file do not hold for it, and how far it may be from the reference
 * depends on what the model makes of small errors. So it is compared with what native kernels compute of the same stored weights, and the
 * deviation from float32 is told.
 */
export function checkStored(
  name: string,
  actual: readonly number[],
  native: readonly number[],
  golden: ArrayLike<number>,
  precision: string,
): Check {
  const judged = checkNumbers(name, actual, native, sameBits(precision));
  const fromFloats = checkNumbers(name, actual, golden, undefined);
  const { rms = Number.NaN } = fromFloats.deviation ?? {};
  const detail = `from native kernels: ${judged.detail}; from float32: ${fromFloats.detail}, root mean square ${brief(rms)}`;
  return { ...judged, detail, ...(fromFloats.deviation && { deviation: fromFloats.deviation }) };
}
