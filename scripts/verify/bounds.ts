import { brief, type Check, checkNumbers } from './check.ts';
import type { NativeResult } from './native.ts';

/**
 * How far an output of weights in few bits may be, as root mean square, from what other kernels compute with weights stored in the same
 * bits. These are the same products in another order: rounding in float32, 2^-24 for each step, is all that differs, and this leaves
 * room for a thousand times as much.
 */
const SAME_BITS = 1e-4;

/** The same for 16-bit floats, whose rounding is 2^-11 for each step: four times that. */
const SAME_HALVES = 2e-3;

/**
 * Some outputs depend on the last bit of every number: native kernels themselves give others when nothing but that bit of the inputs is
 * changed. There, every operator that rounds otherwise counts like such a change, and what is left of them in the end is allowed to be so many
 * times as large.
 */
const ROUNDINGS = 8;

/** However much an output depends on last bits, further off is wrong. */
const MOST = 1e-2;

/** What is allowed, as root mean square, where native kernels differ by `shaken` from themselves. */
export function sameBits(precision: string, shaken: number): number {
  const rounding = precision === 'fp16' ? SAME_HALVES : SAME_BITS;
  return Math.max(rounding, Math.min(MOST, ROUNDINGS * shaken));
}

/**
 * Judges an output in fewer bits than float32. The tolerances of the golden file do not hold for it, and how far it may be from the reference
 * depends on what the model makes of small errors. So it is compared with what native kernels compute of the same stored weights, and the
 * deviation from float32 is told.
 */
export function checkStored(
  name: string,
  actual: readonly number[],
  { values, shaken }: NativeResult,
  golden: ArrayLike<number>,
  precision: string,
): Check {
  const judged = checkNumbers(name, actual, values, { rms: sameBits(precision, shaken) });
  const fromFloats = checkNumbers(name, actual, golden, undefined);
  const { rms = Number.NaN } = fromFloats.deviation ?? {};
  const detail = `from native kernels: ${judged.detail}; from float32: ${fromFloats.detail}, root mean square ${brief(rms)}`;
  return { ...judged, detail, ...(fromFloats.deviation && { deviation: fromFloats.deviation }) };
}
