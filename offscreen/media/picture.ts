import { WebplatError } from '../../src/protocol/errors.ts';
import type { Pixels } from '../../src/protocol/tasks/media.ts';
import { checkExtent } from '../processing/image/picture.ts';
import { type PictureHeader, readPictureHeader } from './picture-header.ts';
import { pngPixels } from './png-pixels.ts';
import { texturePixels } from './texture-pixels.ts';
import { unreadable } from './unreadable.ts';

/** Formats that know transparency and that ImageDecoder gives without multiplying colours by it. */
const WITH_ALPHA = ['image/png', 'image/webp', 'image/gif', 'image/avif'];

/** Colours as they are stored: models were trained on those, not on what a colour profile makes of them. */
const AS_STORED = { premultiplyAlpha: 'none', colorSpaceConversion: 'none' } as const;

/**
 * Decodes a picture file: the first one of an animation, upright where the file says how it was held (EXIF orientation, as
 * transformers' `load_image` does), colours as stored. The size is read and checked before anything is decoded.
 *
 * Colours under transparency are kept where the browser has ImageDecoder or WebGL, and of PNG files elsewhere too. Other files pass
 * through a 2D canvas there, which multiplies by alpha: transparent pixels come out black, and others may be off by rounding.
 *
 * @throws WebplatError `invalid-request` for what is no picture, is damaged, or is too large
 */
export async function decodePicture(bytes: ArrayBuffer, signal: AbortSignal): Promise<Pixels> {
  const header = readPictureHeader(bytes);
  if (!header) throw unreadable('The file is no picture that can be read. Send PNG, JPEG, WebP, GIF, BMP or AVIF.');
  checkExtent([header.height, header.width], 'input');
  const straight = WITH_ALPHA.includes(header.type) ? await decodeStraight(bytes, header) : undefined;
  signal.throwIfAborted();
  return straight ?? decodeOnCanvas(bytes, header, signal);
}

/** A PNG file of one pixel, and what is in it. */
const SAMPLE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGM4kWLkAAAE9QGfhM72PAAAAABJRU5ErkJggg==';
const SAMPLE_PIXEL = [200, 100, 50, 64];

/** Whether this browser's ImageDecoder does as it is told: Firefox's multiplies by alpha all the same. */
async function keepsColors(): Promise<boolean> {
  const sample = Uint8Array.from(atob(SAMPLE), (character) => character.charCodeAt(0)).buffer;
  const pixels = await decodeFrame(sample, 'image/png').catch(() => undefined);
  return pixels !== undefined && SAMPLE_PIXEL.join() === new Uint8Array(pixels.data).join();
}

let kept: Promise<boolean> | undefined;

/** Undefined where the browser cannot do it, or where a canvas does it better. */
async function decodeStraight(bytes: ArrayBuffer, { type }: PictureHeader): Promise<Pixels | undefined> {
  if (!('ImageDecoder' in globalThis) || !(await ImageDecoder.isTypeSupported(type))) return undefined;
  kept ??= keepsColors();
  return (await kept) ? decodeFrame(bytes, type) : undefined;
}

async function decodeFrame(bytes: ArrayBuffer, type: string): Promise<Pixels | undefined> {
  // The decoder reads from a copy: it takes the buffer away, and the canvas may need it.
  const decoder = new ImageDecoder({ type, data: bytes.slice(0), preferAnimation: false, ...AS_STORED });
  try {
    const { image } = await decoder.decode({ frameIndex: 0, completeFramesOnly: true }).catch(() => {
      throw damaged();
    });
    try {
      return await straightPixels(image);
    } finally {
      image.close();
    }
  } finally {
    decoder.close();
  }
}

/** Places of red and blue in a pixel of the formats that decoders of transparent pictures give. */
const RED_AND_BLUE: Readonly<Record<string, readonly [red: number, blue: number]>> = {
  RGBA: [0, 2],
  RGBX: [0, 2],
  BGRA: [2, 0],
  BGRX: [2, 0],
};

/** Copied in the frame's own format: having the browser convert it multiplies by alpha on the way. */
async function straightPixels(frame: VideoFrame): Promise<Pixels | undefined> {
  const { format, codedWidth: width, codedHeight: height } = frame;
  const { rotation = 0, flip = false } = frame as { readonly rotation?: number; readonly flip?: boolean };
  const order = RED_AND_BLUE[format ?? ''];
  if (!order || rotation !== 0 || flip) return undefined;
  checkExtent([height, width], 'input');
  const data = new Uint8Array(width * height * 4);
  await frame.copyTo(data, { rect: { x: 0, y: 0, width, height }, layout: [{ offset: 0, stride: width * 4 }] });
  if (order[0] === 2) swapRedAndBlue(data);
  if (format?.endsWith('X')) for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { kind: 'pixels', width, height, data: data.buffer };
}

function swapRedAndBlue(data: Uint8Array): void {
  for (let at = 0; at < data.length; at += 4) {
    const first = data[at] ?? 0;
    data[at] = data[at + 2] ?? 0;
    data[at + 2] = first;
  }
}

async function decodeOnCanvas(bytes: ArrayBuffer, { type }: PictureHeader, signal: AbortSignal): Promise<Pixels> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type }), AS_STORED).catch(() => {
    throw damaged();
  });
  try {
    signal.throwIfAborted();
    const { width, height } = bitmap;
    checkExtent([height, width], 'input');
    const data = WITH_ALPHA.includes(type) ? await storedPixels(bitmap, bytes, type) : undefined;
    return data ? { kind: 'pixels', width, height, data } : drawnPixels(bitmap, width, height);
  } finally {
    bitmap.close();
  }
}

/** Pixels of a picture with transparency that no 2D canvas touched. */
const storedPixels = async (bitmap: ImageBitmap, bytes: ArrayBuffer, type: string): Promise<ArrayBuffer | undefined> =>
  texturePixels(bitmap) ?? (type === 'image/png' ? pngPixels(bytes) : undefined);

/** Pixels of what can be drawn, of a size that is checked first. */
export function drawnPixels(source: CanvasImageSource, width: number, height: number): Pixels {
  checkExtent([height, width], 'input');
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new WebplatError('out-of-memory');
  context.drawImage(source, 0, 0);
  return { kind: 'pixels', width, height, data: context.getImageData(0, 0, width, height).data.buffer };
}

const damaged = () => unreadable('The picture is damaged, or of a kind that this browser cannot read. Send a PNG.');
