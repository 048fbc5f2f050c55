import { roundHalfEven, roundToFloat16 } from './float16.ts';

/**
 * A [rows, columns] matrix in the 4-bit layout of onnxruntime's MatMulNBits operator
 * (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits).
 */
export interface QuantizedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly groupSize: number;
  /** [rows, groups, groupSize / 2], two values a byte, the earlier one in the low half. */
  readonly packed: Uint8Array<ArrayBuffer>;
  /** [rows * groups]; every scale is a binary16 value. */
  readonly scales: Float32Array<ArrayBuffer>;
  /** [rows, ceil(groups / 2)], packed like the values. Absent: every zero point is 8. */
  readonly zeroPoints?: Uint8Array<ArrayBuffer>;
}

export interface QuantizeOptions {
  /** Columns that share a scale; divides the number of columns and is even. */
  readonly groupSize: number;
  /** Symmetric: scale = max|w| / 7 and zero at 8. Asymmetric: scale = (max - min) / 15, zero point per group. */
  readonly symmetric: boolean;
}

const LEVELS = 15;
const MIDDLE = 8;
/** Keeps a group of zeros (or of values that binary16 scales cannot reach) from dividing by zero. */
const SMALLEST_SCALE = 1e-8;

/** Round-to-nearest quantization of row-major `weights`; arithmetic in float32, ties to even, scales in binary16. */
export function quantize4bit(
  weights: Float32Array,
  rows: number,
  columns: number,
  { groupSize, symmetric }: QuantizeOptions,
): QuantizedMatrix {
  if (columns % groupSize !== 0 || groupSize % 2 !== 0) throw new RangeError('The group size must divide the columns.');
  const groups = columns / groupSize;
  const packed = new Uint8Array((rows * columns) / 2);
  const scales = new Float32Array(rows * groups);
  const zeroStride = Math.ceil(groups / 2);
  const zeroPoints = symmetric ? undefined : new Uint8Array(rows * zeroStride);
  for (let row = 0; row < rows; row += 1) {
    for (let group = 0; group < groups; group += 1) {
      const at = row * columns + group * groupSize;
      const values = weights.subarray(at, at + groupSize);
      const { scale, zero } = symmetric ? symmetricScale(values) : asymmetricScale(values);
      scales[row * groups + group] = scale;
      if (zeroPoints) setHalf(zeroPoints, row * zeroStride * 2 + group, zero);
      packGroup(values, scale, zero, packed, at);
    }
  }
  return { rows, columns, groupSize, packed, scales, ...(zeroPoints && { zeroPoints }) };
}

function packGroup(values: Float32Array, scale: number, zero: number, packed: Uint8Array, at: number): void {
  for (let i = 0; i < values.length; i += 1) {
    const level = roundHalfEven(Math.fround((values[i] ?? 0) / scale)) + zero;
    setHalf(packed, at + i, Math.min(Math.max(level, 0), LEVELS));
  }
}

function setHalf(bytes: Uint8Array, index: number, value: number): void {
  const at = index >> 1;
  bytes[at] = (bytes[at] ?? 0) | (index & 1 ? value << 4 : value);
}

const usableScale = (scale: number): number => Math.max(roundToFloat16(scale), Math.fround(SMALLEST_SCALE));

function symmetricScale(values: Float32Array): { scale: number; zero: number } {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return { scale: usableScale(Math.fround(largest / (MIDDLE - 1))), zero: MIDDLE };
}

function asymmetricScale(values: Float32Array): { scale: number; zero: number } {
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = usableScale(Math.fround(Math.fround(high - low) / LEVELS));
  return { scale, zero: Math.min(roundHalfEven(Math.fround(-low / scale)), LEVELS) };
}

/** The same numbers in smaller groups, each with the scale and zero point of the group it was part of. */
export function splitGroups(matrix: QuantizedMatrix, groupSize: number): QuantizedMatrix {
  const parts = matrix.groupSize / groupSize;
  if (!Number.isInteger(parts)) throw new RangeError('The new group size must divide the old one.');
  const { rows, columns, packed, scales, zeroPoints } = matrix;
  const before = columns / matrix.groupSize;
  const after = before * parts;
  const zeroStride = Math.ceil(after / 2) * 2;
  const splitZeros = zeroPoints && new Uint8Array((rows * zeroStride) / 2);
  for (let row = 0; splitZeros && row < rows; row += 1) {
    for (let group = 0; group < after; group += 1) {
      const zero = getHalf(zeroPoints, row * Math.ceil(before / 2) * 2 + Math.floor(group / parts));
      setHalf(splitZeros, row * zeroStride + group, zero);
    }
  }
  const splitScales = Float32Array.from({ length: rows * after }, (_, i) => scales[Math.floor(i / parts)] ?? 0);
  return { rows, columns, groupSize, packed, scales: splitScales, ...(splitZeros && { zeroPoints: splitZeros }) };
}

const getHalf = (bytes: Uint8Array, index: number): number =>
  ((bytes[index >> 1] ?? 0) >> (index & 1 ? 4 : 0)) & LEVELS;
