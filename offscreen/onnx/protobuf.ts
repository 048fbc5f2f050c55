/** A message that is not protobuf, or is cut short. */
export class ProtobufError extends Error {}

/** One field of a message: a number, or bytes `begin` to `end` of the file. */
export interface Field {
  readonly field: number;
  /** The number; where the field is bytes or a fixed-width number, 0. Beyond 2^53 it is not exact. */
  readonly value: number;
  /** Where the bytes lie; empty for numbers. */
  readonly begin: number;
  readonly end: number;
  readonly isBytes: boolean;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const MOST_VARINT_BYTES = 10;

/**
 * The fields of a protobuf message (https://protobuf.dev/programming-guides/encoding/) that lies at `begin` to `end`, one by one.
 * Nothing is copied: weights are passed over.
 *
 * @throws ProtobufError
 */
export function* fieldsOf(bytes: Uint8Array, begin = 0, end = bytes.length): Generator<Field> {
  let at = begin;

  function varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < MOST_VARINT_BYTES; count += 1) {
      if (at >= end) throw new ProtobufError('A number is cut short.');
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new ProtobufError('A number is too long.');
  }

  function skip(count: number): number {
    const start = at;
    if (count > end - at) throw new ProtobufError('A field is cut short.');
    at += count;
    return start;
  }

  while (at < end) {
    const tag = varint();
    const [field, kind] = [Math.floor(tag / 8), tag % 8];
    if (field === 0) throw new ProtobufError('A field has no number.');
    if (kind === VARINT) yield { field, value: varint(), begin: at, end: at, isBytes: false };
    else if (kind === FIXED64) yield { field, value: 0, begin: skip(8), end: at, isBytes: false };
    else if (kind === FIXED32) yield { field, value: 0, begin: skip(4), end: at, isBytes: false };
    else if (kind === BYTES) {
      const start = skip(varint());
      yield { field, value: 0, begin: start, end: at, isBytes: true };
    } else throw new ProtobufError('A field has an unknown type.');
  }
}
