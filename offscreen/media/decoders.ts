import type { MediaDecoders } from './decode-input.ts';
import { decodePicture } from './picture.ts';
import { decodeSound } from './sound.ts';
import { decodeVideo } from './video.ts';

/** Decoders of the browser that this host runs in. They need a document: sounds and videos are opened in elements of it. */
export function createMediaDecoders(): MediaDecoders {
  return { picture: decodePicture, sound: decodeSound, video: decodeVideo };
}
