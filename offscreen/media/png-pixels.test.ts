import { readFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { readPng } from '../../test/support/png.ts';
import { pngPixels } from './png-pixels.ts';

const SIZE = 9;

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, crc]);
}

interface Made {
  readonly colorType: number;
  readonly depth?: number;
  readonly interlace?: number;
  readonly chunks?: readonly Buffer[];
  /** Rows with a filter byte in front. */
  readonly rows: Buffer;
}

function pngOf({ colorType, depth = 8, interlace = 0, chunks = [], rows }: Made): ArrayBuffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIZE, 0);
  header.writeUInt32BE(SIZE, 4);
  header.set([depth, colorType, 0, 0, interlace], 8);
  const packed = deflateSync(rows);
  const half = packed.length >> 1;
  const file = Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...chunks,
    // In two pieces, which need not end where a row does.
    chunk('IDAT', packed.subarray(0, half)),
    chunk('IDAT', packed.subarray(half)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return Uint8Array.from(file).buffer;
}

/** Rows of `bytes` each, unfiltered. */
const rowsOf = (bytes: number, value: (row: number, at: number) => number, filter = 0): Buffer =>
  Buffer.concat(
    Array.from({ length: SIZE }, (_, row) =>
      Buffer.from([filter, ...Array.from({ length: bytes }, (_, at) => value(row, at) & 255)]),
    ),
  );

const pixelsOf = async (file: ArrayBuffer) => {
  const pixels = await pngPixels(file);
  return pixels && new Uint8Array(pixels);
};

describe('pixels of PNG files with transparency', () => {
  it('are those of the reference picture, colours under transparency included', async () => {
    const file = 'test/fixtures/models/clip/inputs/alpha.png';
    const expected = await readPng(file);
    const pixels = await pixelsOf(Uint8Array.from(await readFile(file)).buffer);
    expect(expected.data.length).toBe(expected.width * expected.height * 4);
    expect(Buffer.from(pixels ?? []).equals(Buffer.from(expected.data))).toBe(true);
    const hidden = (at: number) => pixels?.[at + 3] === 0 && (pixels[at] ?? 0) > 0;
    expect(Array.from({ length: expected.width * expected.height }, (_, at) => at * 4).some(hidden)).toBe(true);
  });

  it.each([0, 1, 2, 3, 4])('are told by filter %i from their neighbours', async (filter) => {
    const rows = rowsOf(SIZE * 4, (row, at) => row * 37 + at * 11, filter);
    const pixels = await pixelsOf(pngOf({ colorType: 6, rows }));
    const expected = new Uint8Array(SIZE * SIZE * 4);
    const paeth = (a: number, b: number, c: number) =>
      [a, b, c].reduce((best, each) => (Math.abs(a + b - c - each) < Math.abs(a + b - c - best) ? each : best));
    const rules = [
      () => 0,
      (a: number) => a,
      (_: number, b: number) => b,
      (a: number, b: number) => Math.floor((a + b) / 2),
      paeth,
    ];
    for (let row = 0; row < SIZE; row += 1) {
      for (let at = 0; at < SIZE * 4; at += 1) {
        const to = row * SIZE * 4 + at;
        const left = at < 4 ? 0 : (expected[to - 4] ?? 0);
        const above = row === 0 ? 0 : (expected[to - SIZE * 4] ?? 0);
        const corner = at < 4 || row === 0 ? 0 : (expected[to - SIZE * 4 - 4] ?? 0);
        expected[to] = ((row * 37 + at * 11) & 255) + (rules[filter]?.(left, above, corner) ?? 0);
      }
    }
    expect(pixels).toEqual(expected);
  });

  it('have grays with alpha', async () => {
    const pixels = await pixelsOf(pngOf({ colorType: 4, rows: rowsOf(SIZE * 2, (row, at) => row * 10 + at) }));
    expect([...(pixels ?? [])].slice(0, 8)).toEqual([0, 0, 0, 1, 2, 2, 2, 3]);
  });

  it('have one colour that is not seen', async () => {
    const hidden = chunk('tRNS', Buffer.from([0, 10, 0, 20, 0, 30]));
    const rows = rowsOf(SIZE * 3, (row, at) => (row === 0 ? [10, 20, 30][at % 3] : 99) ?? 0);
    const pixels = await pixelsOf(pngOf({ colorType: 2, chunks: [hidden], rows }));
    expect([...(pixels ?? [])].slice(0, 4)).toEqual([10, 20, 30, 0]);
    expect([...(pixels ?? [])].slice(-4)).toEqual([99, 99, 99, 255]);
  });

  it.each([1, 2, 4, 8])('are looked up in a palette with %i bits', async (depth) => {
    const palette = chunk('PLTE', Buffer.from([1, 2, 3, 40, 50, 60]));
    const hidden = chunk('tRNS', Buffer.from([7]));
    const bytes = Math.ceil((SIZE * depth) / 8);
    // Indices 0 and 1 in turns.
    const packed = { 1: 0b0101_0101, 2: 0b0001_0001, 4: 0b0000_0001 }[depth];
    const rows = rowsOf(bytes, (_, at) => packed ?? at % 2);
    const pixels = await pixelsOf(pngOf({ colorType: 3, depth, chunks: [palette, hidden], rows }));
    expect([...(pixels ?? [])].slice(0, 12)).toEqual([1, 2, 3, 7, 40, 50, 60, 255, 1, 2, 3, 7]);
    expect(pixels?.length).toBe(SIZE * SIZE * 4);
  });

  it.each<[string, Made]>([
    ['an opaque picture', { colorType: 2, rows: rowsOf(SIZE * 3, () => 1) }],
    ['a palette without transparency', { colorType: 3, rows: rowsOf(SIZE, () => 0) }],
    ['16 bits', { colorType: 6, depth: 16, rows: rowsOf(SIZE * 8, () => 1) }],
    ['an interlaced picture', { colorType: 6, interlace: 1, rows: rowsOf(SIZE * 4, () => 1) }],
    ['too few rows', { colorType: 6, rows: rowsOf(SIZE * 2, () => 1) }],
    ['a filter that there is not', { colorType: 6, rows: rowsOf(SIZE * 4, () => 1, 5) }],
  ])('are not read of %s', async (_what, made) => {
    expect(await pixelsOf(pngOf(made))).toBeUndefined();
  });

  it('are not read of a file that ends early or is no stream', async () => {
    const file = pngOf({ colorType: 6, rows: rowsOf(SIZE * 4, (row, at) => row * at) });
    for (let length = 0; length < file.byteLength - 12; length += 1) {
      expect(await pngPixels(file.slice(0, length)), String(length)).toBeUndefined();
    }
    const damaged = new Uint8Array(file.slice(0));
    damaged.fill(0xff, 45, 60);
    expect(await pngPixels(damaged.buffer)).toBeUndefined();
  });

  it('are not looked for behind the last row, however much is there', async () => {
    const rows = rowsOf(SIZE * 4, (_, at) => at);
    const bomb = Buffer.concat([rows, Buffer.alloc(64 * 2 ** 20)]);
    let inflated = 0;
    const real = globalThis.DecompressionStream;
    vi.stubGlobal('DecompressionStream', function counted(format: CompressionFormat) {
      const { readable, writable } = new real(format);
      const count = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          inflated += chunk.length;
          controller.enqueue(chunk);
        },
      });
      return { writable, readable: readable.pipeThrough(count) };
    });
    const pixels = await pixelsOf(pngOf({ colorType: 6, rows: bomb }));
    vi.unstubAllGlobals();
    expect(pixels?.length).toBe(SIZE * SIZE * 4);
    expect(inflated).toBeGreaterThanOrEqual(rows.length);
    expect(inflated).toBeLessThan(2 ** 20);
  });
});
