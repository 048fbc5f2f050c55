const F32 = new Float32Array(1);
const U32 = new Uint32Array(F32.buffer);

/** The value of an IEEE 754 binary16 bit pattern. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The binary16 bit pattern nearest to the float32 `value`, ties to even; too large becomes infinite. */
export function numberToFloat16(value: number): number {
  F32[0] = value;
  const bits = U32[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return sign | 0x7e00;
  if (magnitude >= 0x4780_0000) return sign | 0x7c00;
  // Below 2^-14 the spacing is fixed at 2^-24; dividing by it is exact, so one rounding remains.
  if (magnitude < 0x3880_0000) return sign | roundHalfEven(Math.abs(Math.fround(value)) * 2 ** 24);
  // Re-bias the exponent from 127 to 15; a carry out of the fraction moves into it, up to infinity.
  const halved = magnitude - 0x3800_0000;
  return sign | ((halved + 0xfff + ((halved >>> 13) & 1)) >>> 13);
}

/** `value` rounded to the nearest binary16. */
export function roundToFloat16(value: number): number {
  return float16ToNumber(numberToFloat16(value));
}

/** The nearest integer, ties to the even one, as IEEE 754 and the usual tensor libraries round. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
