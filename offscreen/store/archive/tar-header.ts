/**
 * Headers of tar archives: POSIX.1-2017 `pax` with its ustar blocks
 * (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06).
 */

/** Everything in a tar lies in blocks of this size. */
export const BLOCK_BYTES = 512;

/** What a header says. */
export interface TarHeader {
  readonly name: string;
  readonly bytes: number;
  /** `0` for a file, `5` for a folder, `x` for a pax record about the next header; others are links, devices and the like. */
  readonly type: string;
}

const ascii = new TextEncoder();
const CHECKSUM = { at: 148, bytes: 8 };
/** Sizes beyond eleven octal digits have a pax record of their own. */
export const MOST_USTAR_BYTES = 8 ** 11 - 1;
export const MOST_USTAR_NAME = 100;

/** Zeros after content of this length, up to the next block. */
export const paddingOf = (bytes: number): number => (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;

/** Reads a header. Undefined for one whose checksum or form is wrong. */
export function readHeader(block: Uint8Array): TarHeader | undefined {
  const magic = text(block, 257, 6);
  // GNU's older archives end the word with blanks.
  if (magic !== 'ustar' && magic !== 'ustar ') return undefined;
  if (octal(block, CHECKSUM.at, CHECKSUM.bytes) !== checksum(block)) return undefined;
  const bytes = sizeOf(block);
  if (bytes === undefined) return undefined;
  const prefix = magic === 'ustar' ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const type = String.fromCharCode(block[156] ?? 0);
  return { name: prefix ? `${prefix}/${name}` : name, bytes, type: type === '\0' ? '0' : type };
}

/** Writes the header of a file, or of a pax record (`x`). Name and size must fit; longer ones need a pax record before. */
export function writeHeader({ name, bytes, type }: TarHeader): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (value: string, at: number) => block.set(ascii.encode(value), at);
  put(name.slice(0, MOST_USTAR_NAME), 0);
  put('0000644\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(`${Math.min(bytes, MOST_USTAR_BYTES).toString(8).padStart(11, '0')}\0`, 124);
  // No dates: the same model makes the same archive.
  put('00000000000\0', 136);
  put(type, 156);
  put('ustar\x0000', 257);
  put(`${checksum(block).toString(8).padStart(6, '0')}\0 `, CHECKSUM.at);
  return block;
}

export const isZeroBlock = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

/** Sum of all bytes, those of the checksum itself taken for blanks. */
function checksum(block: Uint8Array): number {
  return block.reduce((sum, byte, at) => sum + (at >= CHECKSUM.at && at < CHECKSUM.at + CHECKSUM.bytes ? 32 : byte), 0);
}

/** Eleven octal digits, or, with the first bit set, a number to the base of 256 as GNU writes large ones. */
function sizeOf(block: Uint8Array): number | undefined {
  if (block[124] !== 0x80) return octal(block, 124, 12);
  const bytes = block.subarray(125, 136).reduce((sum, byte) => sum * 256 + byte, 0);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function octal(block: Uint8Array, at: number, bytes: number): number | undefined {
  const digits = text(block, at, bytes).trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** Up to the first zero byte. */
function text(block: Uint8Array, at: number, bytes: number): string {
  const field = block.subarray(at, at + bytes);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
