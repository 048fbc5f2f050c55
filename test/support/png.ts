import { readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import type { Picture } from '../../offscreen/processing/image/picture.ts';

/** Bytes of a pixel by colour type: gray, colour, and both with alpha. */
const PIXEL_BYTES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

/**
 * Reads a PNG file of 8 bits a channel (https://www.w3.org/TR/png-3) with the channels that it has. Interlaced ones and those with a
 * palette are not read.
 */
export async function readPng(file: string): Promise<Picture> {
  const bytes = await readFile(file);
  const chunks = chunksOf(bytes);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (!header) throw new Error(`${file} is no PNG file.`);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, colorType = -1, , , interlaced] = header.subarray(8);
  const step = PIXEL_BYTES[colorType];
  if (depth !== 8 || interlaced !== 0 || step === undefined) throw new Error(`${file} is a PNG of another kind.`);
  const parts = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data);
  const data = unfilter(inflateSync(Buffer.concat(parts)), height, width * step, step);
  return { width, height, data };
}

function chunksOf(bytes: Buffer) {
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), data: bytes.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

/** Rows without the byte in front of each, which says from which neighbours the row was predicted. */
function unfilter(raw: Buffer, height: number, rowBytes: number, step: number): Uint8Array {
  const out = new Uint8Array(height * rowBytes);
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (rowBytes + 1)] ?? 0;
    for (let i = 0; i < rowBytes; i += 1) {
      const at = row * rowBytes + i;
      const left = i < step ? 0 : (out[at - step] ?? 0);
      const up = row === 0 ? 0 : (out[at - rowBytes] ?? 0);
      const corner = i < step || row === 0 ? 0 : (out[at - rowBytes - step] ?? 0);
      out[at] = (raw[at + row + 1] ?? 0) + predict(filter, left, up, corner);
    }
  }
  return out;
}

function predict(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) throw new Error(`There is no PNG filter ${filter}.`);
  const estimate = left + up - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
