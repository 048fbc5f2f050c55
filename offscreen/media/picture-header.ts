import { type ByteReader, byteReader } from './byte-reader.ts';
import { jpegHeader } from './jpeg-header.ts';

/** What the first bytes of a picture say. Sizes are those of the stored pixels, before any rotation. */
export interface PictureHeader {
  /** MIME type, as decoders are asked for it. */
  readonly type: string;
  readonly width: number;
  readonly height: number;
}

type Reader = (file: ByteReader) => PictureHeader | undefined;

/**
 * Reads type and size of a PNG, JPEG, GIF, WebP, BMP or AVIF file without decoding anything; undefined for any other file and for
 * one that ends before its size.
 */
export function readPictureHeader(bytes: ArrayBuffer): PictureHeader | undefined {
  const file = byteReader(bytes);
  for (const read of READERS) {
    const header = read(file);
    if (header) return header;
  }
  return undefined;
}

/** https://www.w3.org/TR/png-3/#11IHDR */
const png: Reader = (file) =>
  file.u32(0) === 0x8950_4e47 && file.u32(4) === 0x0d0a_1a0a && file.text(12, 4) === 'IHDR' && file.length >= 26
    ? { type: 'image/png', width: file.u32(16), height: file.u32(20) }
    : undefined;

/** https://www.w3.org/Graphics/GIF/spec-gif89a.txt: the logical screen. */
const gif: Reader = (file) =>
  /^GIF8[79]a$/.test(file.text(0, 6)) && file.length >= 10
    ? { type: 'image/gif', width: file.u16le(6), height: file.u16le(8) }
    : undefined;

/** The header of OS/2 1.x has 16-bit sizes; all others begin as BITMAPINFOHEADER does, where a negative height means top-down. */
const bmp: Reader = (file) => {
  if (file.text(0, 2) !== 'BM' || file.length < 26) return undefined;
  const type = 'image/bmp';
  if (file.u32le(14) === 12) return { type, width: file.u16le(18), height: file.u16le(20) };
  return { type, width: file.u32le(18), height: Math.abs(file.u32le(22) | 0) };
};

/** https://developers.google.com/speed/webp/docs/riff_container, and RFC 6386 section 9.1 for the lossy frame. */
const webp: Reader = (file) => {
  if (file.text(0, 4) !== 'RIFF' || file.text(8, 4) !== 'WEBP' || file.length < 30) return undefined;
  const type = 'image/webp';
  const chunk = file.text(12, 4);
  if (chunk === 'VP8X') return { type, width: file.u24le(24) + 1, height: file.u24le(27) + 1 };
  if (chunk === 'VP8 ') return { type, width: file.u16le(26) & 0x3fff, height: file.u16le(28) & 0x3fff };
  if (chunk !== 'VP8L') return undefined;
  const sizes = file.u32le(21);
  return { type, width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1 };
};

/** Boxes that hold the properties of an AVIF file's pictures, and the bytes of their own fields that come before other boxes. */
const AVIF_PATH: Readonly<Record<string, number>> = { meta: 4, iprp: 0, ipco: 0 };

/** ISO/IEC 23008-12: the largest `ispe`, which is what a grid of pictures makes together. */
const avif: Reader = (file) => {
  if (file.text(4, 4) !== 'ftyp' || !/avi[fs]/.test(file.text(8, Math.min(file.u32(0), 64)))) return undefined;
  let best: PictureHeader | undefined;
  const visit = (from: number, end: number): void => {
    for (let at = from; at + 8 <= end; ) {
      const size = file.u32(at) || end - at;
      if (size < 8) return;
      const name = file.text(at + 4, 4);
      const inside = AVIF_PATH[name];
      if (inside !== undefined) visit(at + 8 + inside, Math.min(at + size, end));
      const [width, height] = [file.u32(at + 12), file.u32(at + 16)];
      if (name === 'ispe' && width * height > (best ? best.width * best.height : 0)) {
        best = { type: 'image/avif', width, height };
      }
      at += size;
    }
  };
  visit(0, file.length);
  return best;
};

const READERS: readonly Reader[] = [png, jpegHeader, gif, webp, bmp, avif];
