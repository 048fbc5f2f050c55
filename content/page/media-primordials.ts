/**
 * The built-ins that pictures, sounds and files are read with, taken before any script of the site runs like those of
 * `primordials.ts`. Files are read through events and not through promises: a promise that the browser settles with an
 * object asks that object's prototype for `then`, where a site may have put something.
 */
import { arrayBuffer, getter, NativeTypeError, uncurry } from './primordials.ts';

export const NativeFileReader = FileReader;
export const NativeXMLHttpRequest = XMLHttpRequest;
export const NativeURL = URL;
const NativeCanvas = OffscreenCanvas;
export const ownOrigin: string = self.origin;

export const baseOf = getter(Node.prototype, 'baseURI');
export const urlHref = getter(URL.prototype, 'href');
export const urlOrigin = getter(URL.prototype, 'origin');
export const urlProtocol = getter(URL.prototype, 'protocol');

/** Bytes of a Blob or File; throws for anything else, as do all of the following that tell one kind of object from another. */
export const blobBytes = getter(Blob.prototype, 'size');
export const readBlob = uncurry(FileReader.prototype.readAsArrayBuffer);
export const stopReading = uncurry(FileReader.prototype.abort);
export const readResult = getter(FileReader.prototype, 'result');

export const openRequest = uncurry(
  XMLHttpRequest.prototype.open as (this: XMLHttpRequest, method: string, url: string) => void,
);
export const sendRequest = uncurry(XMLHttpRequest.prototype.send as (this: XMLHttpRequest) => void);
export const stopRequest = uncurry(XMLHttpRequest.prototype.abort);
export const requestStatus = getter(XMLHttpRequest.prototype, 'status');
export const requestResponse = getter(XMLHttpRequest.prototype, 'response') as (request: XMLHttpRequest) => unknown;
export const askForBlob = setter(XMLHttpRequest.prototype, 'responseType');
export const loadedBytes = getter(ProgressEvent.prototype, 'loaded');

export const imageData = getter(ImageData.prototype, 'data');
export const imageDataWidth = getter(ImageData.prototype, 'width');
export const imageDataHeight = getter(ImageData.prototype, 'height');

const contextOf = uncurry(
  OffscreenCanvas.prototype.getContext as (this: OffscreenCanvas, kind: '2d', options: object) => unknown,
);
const draw = uncurry(
  OffscreenCanvasRenderingContext2D.prototype.drawImage as (
    this: OffscreenCanvasRenderingContext2D,
    image: CanvasImageSource,
    x: number,
    y: number,
    width: number,
    height: number,
  ) => void,
);
const pixelsOf = uncurry(OffscreenCanvasRenderingContext2D.prototype.getImageData);

/** Pixels of what can be drawn, not premultiplied. Throws where the document may not read it or there is no memory. */
export function drawnPixels(source: CanvasImageSource, width: number, height: number): ArrayBuffer {
  const canvas = new NativeCanvas(width, height);
  const options = { __proto__: null, willReadFrequently: true };
  const context = contextOf(canvas, '2d', options) as OffscreenCanvasRenderingContext2D;
  draw(context, source, 0, 0, width, height);
  return arrayBuffer(imageData(pixelsOf(context, 0, 0, width, height)) as never) as ArrayBuffer;
}

/** Reads width and height of one kind of object. */
interface Measure {
  readonly width: (source: unknown) => number;
  readonly height: (source: unknown) => number;
}

function size<O extends object>(type: { readonly prototype: O } | undefined, width: keyof O, height: keyof O) {
  return type ? [{ width: getter(type.prototype, width), height: getter(type.prototype, height) }] : [];
}

/** How to measure what can be drawn. An image that is not loaded, and a video without a frame, measure 0. */
export const DRAWN_SIZES = [
  ...size(HTMLImageElement, 'naturalWidth', 'naturalHeight'),
  ...size(HTMLVideoElement, 'videoWidth', 'videoHeight'),
  ...size(HTMLCanvasElement, 'width', 'height'),
  ...size(OffscreenCanvas, 'width', 'height'),
  ...size(ImageBitmap, 'width', 'height'),
  ...size(globalThis.VideoFrame as typeof VideoFrame | undefined, 'displayWidth', 'displayHeight'),
] as readonly unknown[] as readonly Measure[];

/** Absent where the user turned sound processing off. */
const sounds = (globalThis.AudioBuffer as typeof AudioBuffer | undefined)?.prototype;

export const soundChannels = sounds ? getter(sounds, 'numberOfChannels') : notOne;
export const soundLength = sounds ? getter(sounds, 'length') : notOne;
export const soundRate = sounds ? getter(sounds, 'sampleRate') : notOne;
export const soundChannel = sounds ? uncurry(sounds.getChannelData) : notOne;

function notOne(): never {
  throw new NativeTypeError();
}

function setter<O, Key extends keyof O>(prototype: O, key: Key): (self: O, value: O[Key]) => void {
  const set = Object.getOwnPropertyDescriptor(prototype, key)?.set;
  if (!set) throw new TypeError(`no setter ${String(key)}`);
  return uncurry(set) as (self: O, value: O[Key]) => void;
}
