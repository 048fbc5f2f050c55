import { byteReader } from './byte-reader.ts';

/** What of a PNG file its pixels are made of (https://www.w3.org/TR/png-3/). */
interface Png {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colorType: number;
  readonly palette: Uint8Array | undefined;
  readonly transparency: Uint8Array | undefined;
  readonly data: readonly Uint8Array<ArrayBuffer>[];
}

const [GRAY_ALPHA, PALETTE, RGB, RGB_ALPHA] = [4, 3, 2, 6];
const CHANNELS: Readonly<Record<number, number>> = { [GRAY_ALPHA]: 2, [PALETTE]: 1, [RGB]: 3, [RGB_ALPHA]: 4 };

/**
 * Pixels [height, width, RGBA] of a PNG file with transparency, as they are stored: for browsers that lose colours under it. Undefined
 * for what they lose nothing of, for the rare kinds (interlaced, 16 bits, transparent grays), and for a file that is damaged. No more is
 * inflated than the size that the file says, which was checked before.
 */
export async function pngPixels(bytes: ArrayBuffer): Promise<ArrayBuffer | undefined> {
  const png = readChunks(bytes);
  if (!png || !isTransparent(png)) return undefined;
  const bits = (CHANNELS[png.colorType] ?? 0) * png.depth;
  const stride = Math.ceil((png.width * bits) / 8);
  const rows = await inflate(png.data, (stride + 1) * png.height);
  if (!rows) return undefined;
  if (!unfilter(rows, { stride, height: png.height, step: Math.max(1, bits >> 3) })) return undefined;
  return toRgba(png, rows, stride).buffer;
}

/** Whether there is transparency, in one of the kinds that are read here. */
function isTransparent({ colorType, depth, palette, transparency }: Png): boolean {
  if (colorType === PALETTE) return palette !== undefined && transparency !== undefined && depth <= 8;
  if (depth !== 8) return false;
  return colorType === RGB_ALPHA || colorType === GRAY_ALPHA || (colorType === RGB && transparency !== undefined);
}

function readChunks(bytes: ArrayBuffer): Png | undefined {
  const file = byteReader(bytes);
  const data: Uint8Array<ArrayBuffer>[] = [];
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.u32(at);
    const name = file.text(at + 4, 4);
    if (at + 12 + length > file.length) return undefined;
    const content = new Uint8Array(bytes, at + 8, length);
    if (name === 'PLTE') palette = content;
    else if (name === 'tRNS') transparency = content;
    else if (name === 'IDAT') data.push(content);
    else if (name === 'IEND') break;
    at += 12 + length;
  }
  const [depth, colorType, interlace] = [file.u8(24), file.u8(25), file.u8(28)];
  if (interlace !== 0 || data.length === 0) return undefined;
  return { width: file.u32(16), height: file.u32(20), depth, colorType, palette, transparency, data };
}

/** The first `length` bytes of a zlib stream; undefined where there are fewer. */
async function inflate(
  pieces: readonly Uint8Array<ArrayBuffer>[],
  length: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = new Blob([...pieces]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
  const whole = new Uint8Array(length);
  let filled = 0;
  try {
    while (filled < length) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      whole.set(value.subarray(0, length - filled), filled);
      filled += Math.min(value.length, length - filled);
    }
    return whole;
  } catch {
    return undefined;
  } finally {
    // What lies behind the last row is nobody's, however much it is.
    reader.cancel().catch(() => {});
  }
}

/** Takes the filters back in place (section 9); false for a filter that there is not. `step`: bytes from a pixel to the next one. */
function unfilter(
  rows: Uint8Array,
  { stride, height, step }: { readonly stride: number; readonly height: number; readonly step: number },
): boolean {
  for (let row = 0; row < height; row += 1) {
    const start = row * (stride + 1);
    const filter = rows[start] ?? 0;
    if (filter > 4) return false;
    if (filter === 0) continue;
    for (let at = 1; at <= stride; at += 1) {
      const here = start + at;
      const left = at > step ? (rows[here - step] ?? 0) : 0;
      const above = row > 0 ? (rows[here - stride - 1] ?? 0) : 0;
      const corner = row > 0 && at > step ? (rows[here - stride - 1 - step] ?? 0) : 0;
      rows[here] = (rows[here] ?? 0) + predicted(filter, left, above, corner);
    }
  }
  return true;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const estimate = left + above - corner;
  const [toLeft, toAbove, toCorner] = [estimate - left, estimate - above, estimate - corner].map(Math.abs) as [
    number,
    number,
    number,
  ];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function toRgba(png: Png, rows: Uint8Array, stride: number): Uint8Array<ArrayBuffer> {
  const { width, height } = png;
  const pixels = new Uint8Array(width * height * 4);
  const read = readerOf(png);
  for (let row = 0; row < height; row += 1) {
    const line = rows.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1));
    for (let column = 0; column < width; column += 1) read(line, column, pixels, (row * width + column) * 4);
  }
  return pixels;
}

/** Puts the pixel of a column into `pixels` at a place. */
type ReadPixel = (line: Uint8Array, column: number, pixels: Uint8Array, to: number) => void;

const READERS: Readonly<Record<number, (png: Png) => ReadPixel>> = {
  [RGB_ALPHA]: () => (line, column, pixels, to) => pixels.set(line.subarray(column * 4, column * 4 + 4), to),
  [GRAY_ALPHA]: () => (line, column, pixels, to) => {
    const gray = line[column * 2] ?? 0;
    pixels.set([gray, gray, gray, line[column * 2 + 1] ?? 0], to);
  },
  // One colour is transparent; its samples have 16 bits in the file, whatever the depth.
  [RGB]:
    ({ transparency: hidden = new Uint8Array(6) }) =>
    (line, column, pixels, to) => {
      const color = line.subarray(column * 3, column * 3 + 3);
      const isHidden = color.every((sample, at) => hidden[at * 2] === 0 && sample === hidden[at * 2 + 1]);
      pixels.set(color, to);
      pixels[to + 3] = isHidden ? 0 : 255;
    },
  [PALETTE]: ({ depth, palette = new Uint8Array(0), transparency = new Uint8Array(0) }) => {
    const [perByte, mask] = [8 / depth, 2 ** depth - 1];
    return (line, column, pixels, to) => {
      const packed = line[Math.floor(column / perByte)] ?? 0;
      const index = (packed >> (8 - depth - (column % perByte) * depth)) & mask;
      pixels.set(palette.subarray(index * 3, index * 3 + 3), to);
      pixels[to + 3] = transparency[index] ?? 255;
    };
  },
};

function readerOf(png: Png): ReadPixel {
  const make = READERS[png.colorType];
  if (!make) throw new RangeError('Only kinds with transparency are read.');
  return make(png);
}
