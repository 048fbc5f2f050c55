import * as v from 'valibot';
import { ELEMENT_BYTES, type ElementType } from './element-bytes.ts';
import { LIMITS } from './limits.ts';

export { ELEMENT_BYTES };

/**
 * A dense row-major tensor. `data` holds exactly `product(dims) * ELEMENT_BYTES[dtype]` bytes, little-endian. On the page's
 * side int64 and uint64 are arrays of bigints, float16 is a Uint16Array of its bits, and bool a Uint8Array of zeros and ones.
 */
export const WireTensor = v.pipe(
  v.strictObject({
    dtype: v.picklist(Object.keys(ELEMENT_BYTES) as ElementType[]),
    dims: v.pipe(
      v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 31 - 1))),
      v.maxLength(LIMITS.tensorRank),
    ),
    data: v.instance(ArrayBuffer),
  }),
  v.check(
    (tensor) =>
      tensor.data.byteLength <= LIMITS.tensorBytes &&
      tensor.dims.reduce((product, dim) => product * dim, ELEMENT_BYTES[tensor.dtype]) === tensor.data.byteLength,
    'bytes must equal the product of dims times the element size, and stay under the limit',
  ),
);
export type WireTensor = v.InferOutput<typeof WireTensor>;

/** Whatever exporters call inputs and outputs: printable ASCII. */
export const TensorName = v.pipe(v.string(), v.regex(/^[ -~]{1,128}$/));

/** Tensors by name; at most {@link LIMITS.tensors}, together at most {@link LIMITS.tensorBytes} bytes. */
export const TensorMap = v.pipe(
  v.record(TensorName, WireTensor),
  v.check((map) => Object.keys(map).length <= LIMITS.tensors, `at most ${LIMITS.tensors} tensors`),
  v.check(
    (map) => Object.values(map).reduce((sum, tensor) => sum + tensor.data.byteLength, 0) <= LIMITS.tensorBytes,
    'together under the byte limit',
  ),
);
export type TensorMap = v.InferOutput<typeof TensorMap>;
