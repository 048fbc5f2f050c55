import { MOVE_FROM_BYTES } from '../../src/protocol/element-bytes.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { Pixels, Samples } from '../../src/protocol/tasks/media.ts';
import { blobReading, type PendingFile, sizeOfBlob, urlReading } from './files.ts';
import {
  DRAWN_SIZES,
  drawnPixels,
  imageData,
  imageDataHeight,
  imageDataWidth,
  soundChannel,
  soundChannels,
  soundLength,
  soundRate,
} from './media-primordials.ts';
import { append, arrayBytes, bufferBytes, isArray, sequence, typedArrayName } from './primordials.ts';
import { fields, list, number, refuse } from './read.ts';
import { range } from './requests.ts';
import { copied } from './tensors.ts';

/** What the media of one request come to. */
export interface Gathered {
  /** Buffers to move; those of files join it when they are read. */
  readonly transfer: Transferable[];
  readonly files: PendingFile[];
  bytes: number;
  pictures: number;
}

export function gathered(): Gathered {
  return { transfer: sequence([]), files: [], bytes: 0, pictures: 0 };
}

const RATE = range(false, 1, LIMITS.soundRate);
const EXPECTED_PICTURE =
  'must be an image: a Blob, ImageData, ImageBitmap, image, canvas, video or VideoFrame, or the URL of one';
const EXPECTED_SOUND = 'must be a sound: a Blob, an AudioBuffer, { samples, rate }, or the URL of one';

/** Counts bytes before they are copied. */
function take(what: string, bytes: number, into: Gathered): void {
  into.bytes += bytes;
  if (into.bytes > LIMITS.inputBytes) refuse(what, `brings the request over ${LIMITS.inputBytes} bytes`);
}

function move(buffer: ArrayBuffer, into: Gathered): ArrayBuffer {
  if (bufferBytes(buffer) >= MOVE_FROM_BYTES) append(into.transfer, buffer);
  return buffer;
}

/** A Blob or a URL, whose bytes are filled in later; undefined for anything else. */
function encoded(what: string, value: unknown, into: Gathered): object | undefined {
  const bytes = typeof value === 'object' ? sizeOfBlob(value) : undefined;
  if (bytes === undefined && typeof value !== 'string') return undefined;
  const wire = { kind: 'encoded', bytes: undefined as ArrayBuffer | undefined };
  if (bytes !== undefined) take(what, bytes, into);
  append(into.files, {
    field: what,
    read: bytes === undefined ? urlReading(what, value as string) : blobReading(what, value as Blob, bytes),
    keep(buffer) {
      wire.bytes = move(buffer, into);
    },
  });
  return wire;
}

/** Reads an image in any of its forms. What can change is copied now. */
export function readPicture(what: string, value: unknown, into: Gathered): object {
  into.pictures += 1;
  return encoded(what, value, into) ?? imagePixels(what, value, into) ?? drawn(what, value, into);
}

function checkExtent(what: string, width: number, height: number, into: Gathered): void {
  if (width === 0 || height === 0) refuse(what, 'has no pixels: wait until it is loaded');
  const { pictureEdge, picturePixels } = LIMITS;
  if (width > pictureEdge || height > pictureEdge || width * height > picturePixels) {
    refuse(what, `is ${width} x ${height}, more than ${pictureEdge} each way or ${picturePixels} pixels`);
  }
  take(what, width * height * 4, into);
}

function imagePixels(what: string, value: unknown, into: Gathered): Pixels | undefined {
  let width: number;
  try {
    width = imageDataWidth(value as ImageData);
  } catch {
    return undefined;
  }
  const height = imageDataHeight(value as ImageData);
  checkExtent(what, width, height, into);
  const data: unknown = imageData(value as ImageData);
  if (typedArrayName(data) !== 'Uint8ClampedArray' || arrayBytes(data as Uint8Array) !== width * height * 4) {
    return refuse(what, 'must have a byte for each channel, in an array that was not moved away');
  }
  return { kind: 'pixels', width, height, data: move(copied(data as Uint8Array), into) };
}

function drawn(what: string, value: unknown, into: Gathered): Pixels {
  const { width, height } = drawnSize(value) ?? refuse(what, EXPECTED_PICTURE);
  checkExtent(what, width, height, into);
  try {
    return {
      kind: 'pixels',
      width,
      height,
      data: move(drawnPixels(value as CanvasImageSource, width, height), into),
    };
  } catch {
    return refuse(what, 'could not be read: it may be of another origin, closed, or too large');
  }
}

function drawnSize(value: unknown): { readonly width: number; readonly height: number } | undefined {
  for (let at = 0; at < DRAWN_SIZES.length; at++) {
    const measure = DRAWN_SIZES[at] as (typeof DRAWN_SIZES)[number];
    try {
      return { width: measure.width(value), height: measure.height(value) };
    } catch {
      // An object of another kind.
    }
  }
  return undefined;
}

/** Reads a sound in any of its forms. What can change is copied now. */
export function readSound(what: string, value: unknown, into: Gathered): object {
  return encoded(what, value, into) ?? bufferSamples(what, value, into) ?? givenSamples(what, value, into);
}

function bufferSamples(what: string, value: unknown, into: Gathered): Samples | undefined {
  const buffer = value as AudioBuffer;
  let count: number;
  try {
    count = soundChannels(buffer);
  } catch {
    return undefined;
  }
  if (count > LIMITS.soundChannels) refuse(what, `has ${count} channels, more than ${LIMITS.soundChannels}`);
  const channels: Float32Array[] = [];
  checkSamples(what, count * soundLength(buffer) * 4, into);
  for (let at = 0; at < count; at++) append(channels, soundChannel(buffer, at));
  return samples(what, soundRate(buffer), channels, into);
}

function givenSamples(what: string, value: unknown, into: Gathered): Samples {
  if (typeof value !== 'object' || value === null || isFloats(value)) return refuse(what, EXPECTED_SOUND);
  const from = fields(what, value, ['samples', 'rate']);
  const rate = number(`${what}.rate`, from.rate, RATE);
  const path = `${what}.samples`;
  const channels = isFloats(from.samples)
    ? [from.samples]
    : list(path, from.samples, 1, LIMITS.soundChannels, (at, channel) =>
        isFloats(channel) ? channel : refuse(at, 'must be a Float32Array'),
      );
  let bytes = 0;
  for (let at = 0; at < channels.length; at++) bytes += arrayBytes(channels[at] as never);
  checkSamples(path, bytes, into);
  return samples(path, rate, channels, into);
}

function isFloats(value: unknown): value is Float32Array {
  return typedArrayName(value) === 'Float32Array';
}

function checkSamples(what: string, bytes: number, into: Gathered): void {
  if (bytes === 0) refuse(what, 'has no samples');
  if (bytes > LIMITS.soundBytes) refuse(what, `has ${bytes} bytes of samples, more than ${LIMITS.soundBytes}`);
  take(what, bytes, into);
}

function samples(what: string, rate: number, from: readonly Float32Array[], into: Gathered): Samples {
  const channels: ArrayBuffer[] = [];
  for (let at = 0; at < from.length; at++) {
    const channel = copied(from[at] as never);
    if (at > 0 && bufferBytes(channel) !== bufferBytes(channels[0] as ArrayBuffer)) {
      refuse(what, 'must have channels of one length');
    }
    append(channels, move(channel, into));
  }
  return { kind: 'samples', rate, channels };
}

/** Reads a video: a file, or an array of images in order. */
export function readVideo(what: string, value: unknown, into: Gathered): object {
  const file = encoded(what, value, into);
  if (file) return file;
  if (!isFrames(value)) return refuse(what, 'must be a video: a Blob, an array of images, or the URL of one');
  const frames = list(what, value, 1, LIMITS.videoFrames, (path, frame) => readPicture(path, frame, into));
  return { kind: 'frames', frames };
}

function isFrames(value: unknown): boolean {
  try {
    return isArray(value);
  } catch {
    return false;
  }
}
