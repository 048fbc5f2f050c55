import * as v from 'valibot';
import { LIMITS } from '../limits.ts';

const buffer = (atMost: number) =>
  v.pipe(
    v.instance(ArrayBuffer),
    v.check(({ byteLength }) => byteLength > 0 && byteLength <= atMost, `bytes, at least 1 and at most ${atMost}`),
  );

/** A file as the site has it; what it is, is found out from its bytes. */
const Encoded = v.strictObject({ kind: v.literal('encoded'), bytes: buffer(LIMITS.mediaBytes) });

const Edge = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(LIMITS.pictureEdge));

/** Rows from top to bottom, four bytes a pixel: red, green, blue, alpha, not premultiplied. */
export const Pixels = v.pipe(
  v.strictObject({ kind: v.literal('pixels'), width: Edge, height: Edge, data: buffer(LIMITS.picturePixels * 4) }),
  v.check(({ width, height, data }) => data.byteLength === width * height * 4, 'four bytes for each pixel'),
);
export type Pixels = v.InferOutput<typeof Pixels>;

/** A picture: the file, or its pixels. */
export const Picture = v.variant('kind', [Encoded, Pixels]);
export type Picture = v.InferOutput<typeof Picture>;

/** Samples between -1 and 1, float32, one buffer a channel, all of one length. */
export const Samples = v.pipe(
  v.strictObject({
    kind: v.literal('samples'),
    /** Samples a second. */
    rate: v.pipe(v.number(), v.finite(), v.minValue(1), v.maxValue(LIMITS.soundRate)),
    channels: v.pipe(v.array(buffer(LIMITS.soundBytes)), v.minLength(1), v.maxLength(LIMITS.soundChannels)),
  }),
  v.check(({ channels }) => {
    const [first] = channels;
    return channels.every(({ byteLength }) => byteLength === first?.byteLength && byteLength % 4 === 0);
  }, 'channels of one length, four bytes a sample'),
  v.check(
    ({ channels }) => channels.reduce((sum, { byteLength }) => sum + byteLength, 0) <= LIMITS.soundBytes,
    'channels that are together under the byte limit',
  ),
);
export type Samples = v.InferOutput<typeof Samples>;

/** A sound: the file, or its samples. */
export const Sound = v.variant('kind', [Encoded, Samples]);
export type Sound = v.InferOutput<typeof Sound>;

const frames = <S extends v.GenericSchema>(frame: S) =>
  v.strictObject({
    kind: v.literal('frames'),
    frames: v.pipe(v.array(frame), v.minLength(1), v.maxLength(LIMITS.videoFrames)),
  });

/** A video: the file, or frames of it in order. */
export const Video = v.variant('kind', [Encoded, frames(Picture)]);
export type Video = v.InferOutput<typeof Video>;

/** A video whose frames are decoded. */
export const Frames = frames(Pixels);
export type Frames = v.InferOutput<typeof Frames>;
