import type { ByteReader } from './byte-reader.ts';
import type { PictureHeader } from './picture-header.ts';

/** Markers of frames (ITU-T T.81, table B.1): SOF0 to SOF15 without DHT, JPG and DAC, which lie between them. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Markers without a length: TEM, RST0 to RST7 and SOI. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** Size of a JPEG file, from the first frame header; undefined where the file ends or the scan begins before one. */
export function jpegHeader(file: ByteReader): PictureHeader | undefined {
  if (file.u16(0) !== 0xffd8) return undefined;
  for (const { marker, at } of segments(file)) {
    if (isFrame(marker)) return { type: 'image/jpeg', width: file.u16(at + 3), height: file.u16(at + 1) };
  }
  return undefined;
}

/** Segments before the scan; `at` is where the content begins. */
function* segments(file: ByteReader): Generator<{ readonly marker: number; readonly at: number }> {
  for (let at = 2; at + 4 <= file.length; ) {
    if (file.u8(at) !== 0xff) return;
    const marker = file.u8(at + 1);
    if (marker === 0xff) at += 1;
    else if (isBare(marker)) at += 2;
    else {
      // SOS and EOI: what follows are no segments.
      if (marker === 0xda || marker === 0xd9) return;
      yield { marker, at: at + 4 };
      at += 2 + Math.max(2, file.u16(at + 2));
    }
  }
}
