import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readPictureHeader } from './picture-header.ts';

const bytes = (...parts: (string | readonly number[])[]) =>
  new Uint8Array(parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part))).buffer;
const be32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const le32 = (value: number) => be32(value).reverse();
const box = (name: string, ...content: number[][]) => {
  const inside = content.flat();
  return [...be32(inside.length + 8), ...Buffer.from(name, 'latin1'), ...inside];
};
const zeros = (count: number): number[] => Array(count).fill(0);

const PNG = (width: number, height: number) =>
  bytes([0x89], 'PNG\r\n\x1a\n', be32(13), 'IHDR', be32(width), be32(height), [8, 6, 0, 0, 0]);
const ispe = (width: number, height: number) => box('ispe', zeros(4), be32(width), be32(height));

describe('readPictureHeader', () => {
  it.each([
    ['PNG', PNG(300, 70_000), 'image/png', 300, 70_000],
    ['GIF', bytes('GIF89a', [44, 1, 200, 0]), 'image/gif', 300, 200],
    ['BMP', bytes('BM', zeros(12), le32(40), le32(300), le32(200)), 'image/bmp', 300, 200],
    ['BMP from the top', bytes('BM', zeros(12), le32(40), le32(300), le32(-200)), 'image/bmp', 300, 200],
    ['BMP of OS/2', bytes('BM', zeros(12), le32(12), [44, 1, 200, 0], zeros(4)), 'image/bmp', 300, 200],
    [
      'JPEG behind its EXIF data and a table',
      bytes(
        [0xff, 0xd8, 0xff, 0xe1, 0, 8, 0xff, 0xc0, 0, 1, 0, 1],
        [0xff, 0xc4, 0, 2, 0xff, 0xff, 0xc2, 0, 11, 8, 0, 200, 1, 44],
      ),
      'image/jpeg',
      300,
      200,
    ],
    [
      'lossy WebP',
      bytes('RIFF', zeros(4), 'WEBPVP8 ', zeros(4), zeros(3), [0x9d, 1, 0x2a], [44, 0x41, 200, 0]),
      'image/webp',
      300,
      200,
    ],
    [
      'lossless WebP',
      bytes('RIFF', zeros(4), 'WEBPVP8L', zeros(4), [0x2f], le32(299 | (199 << 14)), zeros(5)),
      'image/webp',
      300,
      200,
    ],
    ['extended WebP', bytes('RIFF', zeros(4), 'WEBPVP8X', zeros(8), [43, 1, 0], [199, 0, 0]), 'image/webp', 300, 200],
    [
      'AVIF of tiles',
      bytes(
        box('ftyp', [...Buffer.from('mif1')], zeros(4), [...Buffer.from('avif')]),
        box('meta', zeros(4), box('hdlr', zeros(4)), box('iprp', box('ipco', ispe(64, 64), ispe(300, 200)))),
      ),
      'image/avif',
      300,
      200,
    ],
  ])('reads %s', (_what, file, type, width, height) => {
    expect(readPictureHeader(file)).toEqual({ type, width, height });
  });

  it('reads the fixtures', async () => {
    const { buffer } = new Uint8Array(await readFile('test/fixtures/models/clip/inputs/alpha.png'));
    expect(readPictureHeader(buffer)).toMatchObject({ type: 'image/png' });
  });

  it.each([
    ['nothing', bytes()],
    ['a text', bytes('Once upon a time there was no picture at all.')],
    ['a PNG that ends in its header', PNG(1, 1).slice(0, 20)],
    ['a JPEG that ends before its frame', bytes([0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 0, 0])],
    ['a JPEG whose scan comes first', bytes([0xff, 0xd8, 0xff, 0xda, 0, 2, 0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1])],
    ['a WebP of another chunk', bytes('RIFF', zeros(4), 'WEBPXXXX', zeros(20))],
    ['an MP4 video', bytes(box('ftyp', [...Buffer.from('isom')], zeros(4)), box('moov'))],
    ['AVIF boxes of no size', bytes(box('ftyp', [...Buffer.from('avif')]), be32(1), 'meta', zeros(16))],
  ])('finds no picture in %s', (_what, file) => {
    expect(readPictureHeader(file)).toBeUndefined();
  });
});
