import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Picture } from '../../offscreen/processing/image/picture.ts';
import { readPng } from '../support/png.ts';
import { readWav } from '../support/wav.ts';
import { type MediaPageHost, startMediaPage } from './support/media-page.ts';

const MODELS = 'test/fixtures/models';

/** Every input file of a kind that the fixtures have. */
const fixtures = (ending: string): string[] =>
  readdirSync(MODELS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes('inputs') && file.endsWith(ending))
    .map((file) => `${MODELS}/${file}`);

const base64 = async (file: string) => (await readFile(file)).toString('base64');
const encode = (bytes: string | readonly number[]) => Buffer.from(bytes as never).toString('base64');

/** Pixels of any layout as RGBA, as a browser gives them. */
function rgba({ width, height, data }: Picture): Uint8Array {
  const step = data.length / width / height;
  const out = new Uint8Array(width * height * 4);
  for (let at = 0; at < width * height; at += 1) {
    const channel = (index: number) => data[at * step + index] ?? 0;
    const color = step < 3 ? [channel(0), channel(0), channel(0)] : [channel(0), channel(1), channel(2)];
    out.set([...color, step % 2 === 0 ? channel(step - 1) : 255], at * 4);
  }
  return out;
}

/** A PNG file of that size, of which there is nothing but the header. */
function pngHeader(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(45);
  bytes.write('89504e470d0a1a0a0000000d49484452', 'hex');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  bytes.set([8, 6], 24);
  return bytes;
}

describe('media decoders in Chromium', () => {
  let page: MediaPageHost;
  beforeAll(async () => {
    page = await startMediaPage();
  });
  afterAll(() => page?.close());

  it.each(fixtures('.png'))('reads every pixel of %s as it is stored', async (file) => {
    const expected = await readPng(file);
    for (const way of ['picture', 'pictureFromBitmap', 'pictureByHand'] as const) {
      const { value, error } = await page.call(way, await base64(file));
      expect(error).toBeUndefined();
      expect(value).toMatchObject({ width: expected.width, height: expected.height });
      expect(Buffer.from(value?.data ?? '', 'base64').equals(rgba(expected)), way).toBe(true);
    }
  });

  it.each(fixtures('.wav'))('reads every sample of %s as it is stored', async (file) => {
    const { value } = await page.call('sound', await base64(file));
    const expected = await readWav(file);
    expect(value?.rate).toBe(expected.rate);
    const channels = value?.channels.map(
      (channel) => new Float32Array(Uint8Array.from(Buffer.from(channel, 'base64')).buffer),
    );
    expect(channels).toEqual(expected.channels);
  });

  it('keeps colours under transparency', async () => {
    const expected = rgba(await readPng(`${MODELS}/clip/inputs/alpha.png`));
    const hidden = Array.from({ length: expected.length / 4 }, (_, at) => expected.subarray(at * 4, at * 4 + 4)).filter(
      ([red = 0, green = 0, blue = 0, alpha]) => alpha === 0 && red + green + blue > 0,
    );
    // Without such pixels the comparison of all pixels would say nothing about them.
    expect(hidden.length).toBeGreaterThan(0);
  });

  it.each(['image/jpeg', 'image/webp'])('reads %s', async (type) => {
    const file = await page.call(
      'encoded',
      type,
      Array(16 * 16)
        .fill([200, 100, 50, 255])
        .flat(),
      16,
    );
    const { value } = await page.call('picture', file);
    expect(value).toMatchObject({ width: 16, height: 16 });
    const pixel = [...Buffer.from(value?.data ?? '', 'base64').subarray(0, 4)];
    for (const [at, color] of [200, 100, 50, 255].entries()) {
      expect(Math.abs((pixel[at] ?? 0) - color)).toBeLessThanOrEqual(3);
    }
  });

  it('turns a picture upright that says how it was held', async () => {
    const pixels = Array.from({ length: 32 * 16 }, (_, at) => (at % 32 < 16 ? [255, 0, 0, 255] : [0, 0, 255, 255]));
    const file = Buffer.from(await page.call('encoded', 'image/jpeg', pixels.flat(), 32), 'base64');
    // Orientation 6: the camera was turned, the first row of the picture is its right side.
    const exif = Buffer.from('ffe1002245786966000049492a00080000000100120103000100000006000000000000000000', 'hex');
    const turned = Buffer.concat([file.subarray(0, 2), exif.subarray(0, 36), file.subarray(2)]);
    const { value, error } = await page.call('picture', turned.toString('base64'));
    expect(error).toBeUndefined();
    expect(value).toMatchObject({ width: 16, height: 32 });
    const data = Buffer.from(value?.data ?? '', 'base64');
    expect(data[0]).toBeGreaterThan(200);
    expect(data.at(-2)).toBeGreaterThan(200);
  });

  it('reads a sound that only the browser knows', async () => {
    const { value, error } = await page.call('sound', await page.call('recorded', 'audio'));
    expect(error).toBeUndefined();
    expect(value?.rate).toBe(48_000);
    const samples = new Float32Array(Uint8Array.from(Buffer.from(value?.channels[0] ?? '', 'base64')).buffer);
    expect(samples.length).toBeGreaterThan(12_000);
    expect(Math.max(...samples.subarray(4800, 9600))).toBeGreaterThan(0.5);
  });

  it('takes frames over the whole length of a video', async () => {
    const { value, error } = await page.call('video', await page.call('recorded', 'video'));
    expect(error).toBeUndefined();
    expect(value?.length).toBeGreaterThanOrEqual(8);
    expect(value?.length).toBeLessThanOrEqual(64);
    const [first, last] = [value?.[0], value?.at(-1)];
    expect(first).toMatchObject({ width: 64, height: 48 });
    expect(first?.middle[0]).toBeGreaterThan(200);
    expect(last?.middle[2]).toBeGreaterThan(200);
    expect(last?.middle[0]).toBeLessThan(60);
  });

  describe('refuses, with what to do', () => {
    const TEXT = encode('Once upon a time there was a file that was no picture, no sound and no video at all.');
    const FORMAT = '666d74201000000001000100401f0000803e000002001000';
    const EMPTY_WAV = Buffer.from(`524946460000000057415645${FORMAT}6461746100000000`, 'hex').toString('base64');

    it.each([
      ['picture', 'a text', TEXT, 'Send PNG'],
      ['picture', 'nothing', '', 'Send PNG'],
      ['picture', 'the header of a huge PNG', encode(pngHeader(60_000, 60_000) as never), 'made smaller'],
      ['picture', 'a PNG without pixels', encode(pngHeader(4, 4) as never), 'damaged'],
      ['sound', 'a text', TEXT, 'Send a WAV'],
      ['sound', 'nothing', '', 'Send a WAV'],
      ['sound', 'a WAV file without samples', EMPTY_WAV, 'no samples'],
      ['video', 'a text', TEXT, 'Send frames'],
      ['video', 'nothing', '', 'Send frames'],
    ] as const)('as a %s, %s', async (kind, _what, file, message) => {
      const { error } = await page.call(kind, file);
      expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining(message) });
    });

    it('a picture that was cut off', async () => {
      const file = await readFile(`${MODELS}/clip/inputs/rgb.png`);
      const { error } = await page.call('picture', encode(file.subarray(0, file.length / 2) as never));
      expect(error).toMatchObject({ code: 'invalid-request' });
    });

    it('a sound and a video that begin like some and are none', async () => {
      const start = Buffer.from(await page.call('recorded', 'audio'), 'base64').subarray(0, 40);
      const broken = Buffer.concat([start, Buffer.alloc(4000, 7)]).toString('base64');
      for (const kind of ['sound', 'video'] as const) {
        expect((await page.call(kind, broken)).error).toMatchObject({ code: 'invalid-request' });
      }
    });

    it('an argument of nobody who waits', async () => {
      const file = await page.call('recorded', 'video');
      expect((await page.call('aborted', 'video', file)).error).toMatchObject({ code: 'aborted' });
    });
  });

  it('leaves no object URL behind, and nothing on the console', async () => {
    expect(await page.call('openUrls')).toBe(0);
    expect(page.errors).toEqual([]);
  });
});
