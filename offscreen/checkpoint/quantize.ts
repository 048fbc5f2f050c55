import { roundToFloat16 } from './float16.ts';

/** How a matrix is quantized: round to nearest, one scale for each group of columns of a row. */
export interface QuantizeOptions {
  readonly bits: 4 | 8;
  /** Columns that share a scale; divides the number of columns and is even. */
  readonly groupSize: number;
  /**
   * Columns of one block as the operator reads them; divides the group. Smaller than the group, the same scale and zero
   * point are written for each of its blocks.
   */
  readonly blockSize: number;
  /** Symmetric: scale = max|w| / (2^(bits-1) - 1), zero in the middle. Asymmetric: scale = (max - min) / (2^bits - 1). */
  readonly symmetric: boolean;
}

/**
 * Rows of a matrix in the layout of onnxruntime's MatMulNBits operator
 * (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits).
 */
export interface QuantizedRows {
  /** [rows, blocks, blockSize * bits / 8]; of two values in a byte, the earlier one is in the low half. */
  readonly packed: Uint8Array<ArrayBuffer>;
  /** [rows * blocks]; every scale is a binary16 value. */
  readonly scales: Float32Array<ArrayBuffer>;
  /** [rows, ceil(blocks * bits / 8)], packed like the values. Absent where all are in the middle. */
  readonly zeroPoints?: Uint8Array<ArrayBuffer>;
}

/** Keeps a group of zeros (or of values that binary16 scales cannot reach) from dividing by zero. */
const SMALLEST_SCALE = Math.fround(1e-8);

/** Added to and taken from a float32 below 2^22, it rounds to the nearest integer, ties to even. */
const ROUNDER = 1.5 * 2 ** 23;
const { fround } = Math;

/** Bytes of one row of zero points. */
export const zeroStride = (blocks: number, bits: number): number => Math.ceil((blocks * bits) / 8);

/** Quantizes row-major `weights` of whole rows; arithmetic in float32, ties to even. */
export function quantizeRows(weights: Float32Array, columns: number, options: QuantizeOptions): QuantizedRows {
  const { bits, groupSize, blockSize, symmetric } = options;
  if (columns % groupSize !== 0 || groupSize % blockSize !== 0 || blockSize % 2 !== 0) {
    throw new RangeError('The group size must divide the columns, and the block size the group.');
  }
  const rows = weights.length / columns;
  const groups = columns / groupSize;
  const repeat = groupSize / blockSize;
  const blocks = groups * repeat;
  const packed = new Uint8Array((weights.length * bits) / 8);
  const scales = new Float32Array(rows * blocks);
  const stride = zeroStride(blocks, bits);
  const zeroPoints = symmetric ? undefined : new Uint8Array(rows * stride);
  const middle = 2 ** (bits - 1);
  const levels = 2 ** bits - 1;
  for (let row = 0; row < rows; row += 1) {
    for (let group = 0; group < groups; group += 1) {
      const start = row * columns + group * groupSize;
      let low = 0;
      let high = 0;
      for (let i = start; i < start + groupSize; i += 1) {
        const value = weights[i] as number;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      const range = symmetric ? fround(Math.max(high, -low) / (middle - 1)) : fround(fround(high - low) / levels);
      const scale = Math.max(roundToFloat16(range), SMALLEST_SCALE);
      const zero = symmetric ? middle : Math.min(levels, fround(fround(fround(-low / scale) + ROUNDER) - ROUNDER));
      if (bits === 4) packHalves(weights, packed, start, groupSize, scale, zero);
      else packBytes(weights, packed, start, groupSize, scale, zero);
      for (let copy = 0; copy < repeat; copy += 1) {
        const block = group * repeat + copy;
        scales[row * blocks + block] = scale;
        if (zeroPoints) setLevel(zeroPoints, row * stride, block, bits, zero);
      }
    }
  }
  return { packed, scales, ...(zeroPoints && { zeroPoints }) };
}

function packHalves(
  from: Float32Array,
  to: Uint8Array,
  start: number,
  count: number,
  scale: number,
  zero: number,
): void {
  for (let i = start; i < start + count; i += 2) {
    let low = fround(fround(fround((from[i] as number) / scale) + ROUNDER) - ROUNDER) + zero;
    let high = fround(fround(fround((from[i + 1] as number) / scale) + ROUNDER) - ROUNDER) + zero;
    low = low < 0 ? 0 : low > 15 ? 15 : low;
    high = high < 0 ? 0 : high > 15 ? 15 : high;
    to[i >> 1] = low | (high << 4);
  }
}

function packBytes(
  from: Float32Array,
  to: Uint8Array,
  start: number,
  count: number,
  scale: number,
  zero: number,
): void {
  for (let i = start; i < start + count; i += 1) {
    const level = fround(fround(fround((from[i] as number) / scale) + ROUNDER) - ROUNDER) + zero;
    to[i] = level < 0 ? 0 : level > 255 ? 255 : level;
  }
}

function setLevel(bytes: Uint8Array, start: number, index: number, bits: 4 | 8, value: number): void {
  if (bits === 8) {
    bytes[start + index] = value;
    return;
  }
  const at = start + (index >> 1);
  bytes[at] = (bytes[at] ?? 0) | (index & 1 ? value << 4 : value);
}
