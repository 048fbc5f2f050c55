import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { ModelBytes } from './model-bytes.ts';

/** The format's own ceiling for the JSON header. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

/** Bits of one element of every type that the format names; types that we cannot read are measured all the same. */
const DTYPE_BITS: Record<string, number> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
};

const Dimension = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const TensorEntry = v.strictObject({
  dtype: v.pipe(
    v.string(),
    v.check((dtype) => Object.hasOwn(DTYPE_BITS, dtype)),
  ),
  shape: v.pipe(v.array(Dimension), v.maxLength(16)),
  data_offsets: v.strictTuple([Dimension, Dimension]),
});
const Header = v.objectWithRest({ __metadata__: v.optional(v.record(v.string(), v.string())) }, TensorEntry);

/** Where one tensor lies; offsets count from the end of the header. */
export interface TensorInfo {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const corrupt = (reason: string): WebplatError => new WebplatError('model-corrupt', undefined, { reason });

/**
 * Reads the table of a safetensors file: u64 little-endian header length, JSON header, data
 * (https://github.com/huggingface/safetensors#format). Every tensor lies inside the data, has exactly the bytes its shape
 * and type need, overlaps no other, and no byte belongs to none.
 *
 * @throws WebplatError `model-corrupt`, with the reason in `data.reason`.
 */
export async function readTable(
  file: ModelBytes,
): Promise<{ dataStart: number; tensors: ReadonlyMap<string, TensorInfo> }> {
  const dataStart = LENGTH_BYTES + (await headerLength(file));
  const { __metadata__, ...entries } = parseHeader(await file.read(LENGTH_BYTES, dataStart));
  const tensors = new Map<string, TensorInfo>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    const [begin, end] = data_offsets;
    tensors.set(name, { dtype, shape, begin, end });
  }
  assertLayout(tensors, file.size - dataStart);
  return { dataStart, tensors };
}

async function headerLength(file: ModelBytes): Promise<number> {
  if (file.size < LENGTH_BYTES) throw corrupt('The file is too short to hold a header.');
  const start = await file.read(0, LENGTH_BYTES);
  const length = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw corrupt('The header is too long.');
  if (Number(length) > file.size - LENGTH_BYTES) throw corrupt('The file ends inside its header.');
  return Number(length);
}

function parseHeader(bytes: Uint8Array): v.InferOutput<typeof Header> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw corrupt('The header is not JSON.');
  }
  const header = v.safeParse(Header, json);
  if (Array.isArray(json) || !header.success) throw corrupt('The header does not describe tensors.');
  return header.output;
}

function assertLayout(tensors: ReadonlyMap<string, TensorInfo>, dataBytes: number): void {
  let position = 0;
  for (const { dtype, shape, begin, end } of [...tensors.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < position) throw corrupt('Two tensors overlap.');
    if (begin > position) throw corrupt('Bytes between two tensors belong to none.');
    const bits = shape.reduce((product, dimension) => product * dimension, DTYPE_BITS[dtype] ?? 0);
    if (!Number.isSafeInteger(bits) || bits !== (end - begin) * 8)
      throw corrupt('A tensor has not the bytes of its shape.');
    position = end;
  }
  if (position > dataBytes) throw corrupt('The file ends inside a tensor.');
  if (position < dataBytes) throw corrupt('The file goes on after its last tensor.');
}
