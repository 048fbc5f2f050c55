import * as v from 'valibot';
import { ELEMENT_BYTES, type ElementType } from './element-bytes.ts';
import { LIMITS } from './limits.ts';
import { Token } from './scalars.ts';

export { ELEMENT_BYTES };

const ElementTypeName = v.picklist(Object.keys(ELEMENT_BYTES) as ElementType[]);
const Dims = v.pipe(
  v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 31 - 1))),
  v.maxLength(LIMITS.tensorRank),
);

/**
 * A dense row-major tensor. `data` holds exactly `product(dims) * ELEMENT_BYTES[dtype]` bytes, little-endian. On the page's
 * side int64 and uint64 are arrays of bigints, float16 is a Uint16Array of its bits, and bool a Uint8Array of zeros and ones.
 */
export const WireTensor = v.pipe(
  v.strictObject({ dtype: ElementTypeName, dims: Dims, data: v.instance(ArrayBuffer) }),
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

const isFew = (map: object): boolean => Object.keys(map).length <= LIMITS.tensors;
const FEW = `at most ${LIMITS.tensors} tensors`;
const areSmall = (map: Readonly<Record<string, object>>): boolean =>
  Object.values(map).reduce((sum, one) => sum + ('data' in one ? (one.data as ArrayBuffer).byteLength : 0), 0) <=
  LIMITS.tensorBytes;
const SMALL = 'together under the byte limit';

/** Tensors by name; at most {@link LIMITS.tensors}, together at most {@link LIMITS.tensorBytes} bytes. */
export const TensorMap = v.pipe(
  v.record(TensorName, WireTensor),
  v.check((map) => isFew(map), FEW),
  v.check((map) => areSmall(map), SMALL),
);
export type TensorMap = v.InferOutput<typeof TensorMap>;

/** Names one kept tensor of one session; worthless on any other session. */
export const KeptId = Token;

/** What a page knows of a tensor that the host keeps for it. */
export const KeptTensor = v.strictObject({ kept: KeptId, dtype: ElementTypeName, dims: Dims });
export const KeptMap = v.pipe(
  v.record(TensorName, KeptTensor),
  v.check((map) => isFew(map), FEW),
);
export type KeptMap = v.InferOutput<typeof KeptMap>;

/** Inputs of a run: tensors, or what was kept of an earlier one. */
export const InputMap = v.pipe(
  v.record(TensorName, v.union([WireTensor, v.strictObject({ kept: KeptId })])),
  v.check((map) => isFew(map), FEW),
  v.check((map) => areSmall(map), SMALL),
);
export type InputMap = v.InferOutput<typeof InputMap>;
