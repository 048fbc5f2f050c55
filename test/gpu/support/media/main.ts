import { createMediaDecoders } from '../../../../offscreen/media/decoders.ts';
import { toWireError } from '../../../../src/protocol/errors.ts';
import type { Pixels } from '../../../../src/protocol/tasks/media.ts';
import { recordVideo, seen } from './record.ts';

const decoders = createMediaDecoders();

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;

function base64Of(buffer: ArrayBuffer): string {
  let text = '';
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}

/** How decoding ended, because errors lose their fields on the way to the test. */
async function outcome<T>(work: () => Promise<T>) {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { error: { ...toWireError(thrown), text: String(thrown) } };
  }
}

const plain = ({ width, height, data }: Pixels) => ({ width, height, data: base64Of(data) });
const live = () => new AbortController().signal;

/** What tests call in this page; files travel as base64. */
const mediaPage = {
  picture: (file: string) => outcome(async () => plain(await decoders.picture(bytesOf(file), live()))),
  /** The same in a browser that has no ImageDecoder. */
  async pictureFromBitmap(file: string) {
    const { ImageDecoder } = globalThis;
    Reflect.deleteProperty(globalThis, 'ImageDecoder');
    try {
      return await mediaPage.picture(file);
    } finally {
      Object.assign(globalThis, { ImageDecoder });
    }
  },
  /** The same in a browser that has no WebGL either. */
  async pictureByHand(file: string) {
    const { getContext } = OffscreenCanvas.prototype;
    OffscreenCanvas.prototype.getContext = function (this: OffscreenCanvas, kind: string, ...rest: unknown[]) {
      return kind === 'webgl' ? null : Reflect.apply(getContext, this, [kind, ...rest]);
    } as typeof getContext;
    try {
      return await mediaPage.pictureFromBitmap(file);
    } finally {
      OffscreenCanvas.prototype.getContext = getContext;
    }
  },
  sound: (file: string) =>
    outcome(async () => {
      const { rate, channels } = await decoders.sound(bytesOf(file), live());
      return { rate, channels: channels.map(base64Of) };
    }),
  video: (file: string) =>
    outcome(async () => (await decoders.video(bytesOf(file), live())).frames.map((frame) => seen(frame))),
  /** Whether a decoder ends with the signal's reason. */
  aborted: (kind: keyof typeof decoders, file: string) =>
    outcome(async () => {
      const stop = new AbortController();
      const work = decoders[kind](bytesOf(file), stop.signal);
      stop.abort(new DOMException('enough', 'AbortError'));
      await work;
    }),
  /** Draws a picture and encodes it as that type. */
  async encoded(type: string, pixels: readonly number[], width: number) {
    const canvas = new OffscreenCanvas(width, pixels.length / 4 / width);
    canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(pixels), width), 0, 0);
    return base64Of(await (await canvas.convertToBlob({ type, quality: 1 })).arrayBuffer());
  },
  recorded: async (kind: 'video' | 'audio') => base64Of(await recordVideo(kind)),
  /** Object URLs that were made and not revoked. */
  openUrls: () => openUrls,
};

let openUrls = 0;
const { createObjectURL, revokeObjectURL } = URL;
URL.createObjectURL = (blob: Blob) => {
  openUrls += 1;
  return createObjectURL(blob);
};
URL.revokeObjectURL = (url: string) => {
  openUrls -= 1;
  revokeObjectURL(url);
};

Object.assign(globalThis, { mediaPage });
export type MediaPage = typeof mediaPage;
