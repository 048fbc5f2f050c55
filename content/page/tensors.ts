import { ELEMENT_BYTES, MOVE_FROM_BYTES } from '../../src/protocol/element-bytes.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { InputMap, TensorMap, WireTensor } from '../../src/protocol/tensor.ts';
import {
  ARRAYS,
  append,
  arrayBuffer,
  arrayBytes,
  arrayLength,
  bufferBytes,
  define,
  dictionary,
  freeze,
  moveBuffer,
  NativeUint8Array,
  ownKeys,
  sequence,
  typedArrayName,
} from './primordials.ts';
import { fields, list, number, oneOf, refuse, text } from './read.ts';

type Dtype = WireTensor['dtype'];

const DTYPES = ownKeys(ELEMENT_BYTES) as Dtype[];
const ARRAY_NAMES: Record<Dtype, string> = {
  float32: 'Float32Array',
  float16: 'Uint16Array',
  float64: 'Float64Array',
  int8: 'Int8Array',
  uint8: 'Uint8Array',
  int16: 'Int16Array',
  uint16: 'Uint16Array',
  int32: 'Int32Array',
  uint32: 'Uint32Array',
  int64: 'BigInt64Array',
  uint64: 'BigUint64Array',
  bool: 'Uint8Array',
};
/** What a tensor has, and what one that is kept has beside it. */
const TENSOR_FIELDS = ['dtype', 'dims', 'data', 'kept', 'read', 'release'] as const;
const DIM = { integer: true, min: 0, max: 2 ** 31 - 1, above: false };

export interface ReadTensors {
  readonly inputs: InputMap;
  /** Absent where every buffer travels as part of the message. */
  readonly transfer: Transferable[] | undefined;
}

/** Reads tensors by name. The caller's buffers are copied, or taken from it where `move` is set. */
export function readTensors(what: string, value: unknown, move: boolean): ReadTensors {
  const names =
    typeof value === 'object' && value !== null ? readNames(what, value) : refuse(what, 'must be an object');
  const given = fields(what, value, names);
  const checked = dictionary<Checked | string>();
  let bytes = 0;
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const tensor = readTensor(`${what}.${name}`, given[name]);
    bytes += typeof tensor === 'string' ? 0 : arrayBytes(tensor.data);
    if (bytes > LIMITS.tensorBytes) refuse(what, `holds more than ${LIMITS.tensorBytes} bytes`);
    checked[name] = tensor;
  }
  // Only now: a call that is refused leaves every buffer with its owner.
  const inputs: InputMap = {};
  const transfer: Transferable[] = [];
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    const tensor = checked[name] as Checked | string;
    if (typeof tensor === 'string') {
      define(inputs, name, { kept: tensor }, true);
      continue;
    }
    const { dtype, dims, data } = tensor;
    const buffer = move ? moved(`${what}.${name}.data`, data) : copied(data);
    define(inputs, name, { dtype, dims, data: buffer }, true);
    if (bufferBytes(buffer) >= MOVE_FROM_BYTES) append(transfer, buffer);
  }
  return { inputs, transfer: transfer.length > 0 ? sequence(transfer) : undefined };
}

interface Checked {
  readonly dtype: Dtype;
  readonly dims: number[];
  readonly data: Uint8Array;
}

function readNames(what: string, value: object): string[] {
  try {
    const names = ownKeys(value);
    if (names.length <= LIMITS.tensors) return names;
  } catch {
    return refuse(what, 'could not be read');
  }
  return refuse(what, `has more than ${LIMITS.tensors} tensors`);
}

/** A tensor, or the name of one that is kept. */
function readTensor(what: string, value: unknown): Checked | string {
  const from = fields(what, value, TENSOR_FIELDS);
  if (from.kept !== undefined) return text(`${what}.kept`, from.kept, 32, 32);
  const dtype = oneOf(`${what}.dtype`, from.dtype, DTYPES);
  const dims = list(`${what}.dims`, from.dims, 0, LIMITS.tensorRank, (path, dim) => number(path, dim, DIM));
  if (typedArrayName(from.data) !== ARRAY_NAMES[dtype]) refuse(`${what}.data`, `must be a ${ARRAY_NAMES[dtype]}`);
  const data = from.data as Uint8Array;
  let elements = 1;
  for (let at = 0; at < dims.length; at++) elements *= dims[at] as number;
  const length = arrayLength(data);
  if (length !== elements) refuse(`${what}.data`, `has ${length} elements where dims ask for ${elements}`);
  return { dtype, dims, data };
}

/** A plain copy of exactly the array's bytes, whatever it is a view of. */
export function copied(data: Uint8Array): ArrayBuffer {
  const Copy = constructorOf(data);
  return arrayBuffer(new Copy(data as never) as unknown as Uint8Array) as ArrayBuffer;
}

function constructorOf(data: Uint8Array): new (from: never) => object {
  const name = typedArrayName(data);
  for (let at = 0; at < DTYPES.length; at++) {
    const dtype = DTYPES[at] as Dtype;
    if (ARRAY_NAMES[dtype] === name) return ARRAYS[dtype] as unknown as new (from: never) => object;
  }
  return NativeUint8Array as unknown as new (
    from: never,
  ) => object;
}

/** The array's own buffer, detached from the caller; a view of a larger or shared buffer cannot give it away. */
function moved(what: string, data: Uint8Array): ArrayBuffer {
  const buffer = arrayBuffer(data) as ArrayBuffer;
  try {
    if (bufferBytes(buffer) === arrayBytes(data)) return moveBuffer(buffer);
  } catch {
    return refuse(what, 'has a buffer that cannot be moved');
  }
  return refuse(what, 'must be all of its buffer to be moved');
}

/** Tensors as a page gets them: typed arrays on the buffers that arrived. */
export function pageTensors(outputs: TensorMap): object {
  const result = {};
  const names = ownKeys(outputs);
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    define(result, name, pageTensor(outputs[name] as WireTensor), true);
  }
  return freeze(result);
}

export function pageTensor({ dtype, dims, data }: WireTensor): object {
  return freeze({ dtype, dims: freeze(dims), data: new ARRAYS[dtype](data) });
}
