import type { WireTensor } from '../../../../src/protocol/tensor.ts';

/** A tensor whose values are plain numbers, which is what tests can send and receive. */
export interface PlainTensor {
  readonly dtype: 'float32' | 'int64';
  readonly dims: number[];
  readonly values: readonly number[];
}

export const int64 = (values: readonly number[], dims: number[]) => ({
  dtype: 'int64' as const,
  dims,
  data: BigInt64Array.from(values, BigInt).buffer,
});

export const toWire = ({ dtype, dims, values }: PlainTensor): WireTensor =>
  dtype === 'int64' ? int64(values, dims) : { dtype, dims, data: Float32Array.from(values).buffer };
