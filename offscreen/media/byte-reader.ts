/** Reads numbers of a file at places that the file itself names: outside of it there are zeros, never an exception. */
export interface ByteReader {
  readonly length: number;
  u8(at: number): number;
  /** Big endian. */
  u16(at: number): number;
  u24(at: number): number;
  u32(at: number): number;
  /** Little endian. */
  u16le(at: number): number;
  u24le(at: number): number;
  u32le(at: number): number;
  /** Bytes as characters, e.g. a four-letter code. */
  text(at: number, length: number): string;
}

export function byteReader(buffer: ArrayBuffer): ByteReader {
  const bytes = new Uint8Array(buffer);
  const u8 = (at: number) => bytes[at] ?? 0;
  const u16 = (at: number) => u8(at) * 0x100 + u8(at + 1);
  const u24 = (at: number) => u16(at) * 0x100 + u8(at + 2);
  const u16le = (at: number) => u8(at) + u8(at + 1) * 0x100;
  const u24le = (at: number) => u16le(at) + u8(at + 2) * 0x1_0000;
  return {
    length: bytes.length,
    u8,
    u16,
    u24,
    u32: (at) => u16(at) * 0x1_0000 + u16(at + 2),
    u16le,
    u24le,
    u32le: (at) => u24le(at) + u8(at + 3) * 0x100_0000,
    text: (at, length) => String.fromCharCode(...bytes.subarray(at, at + length)),
  };
}
