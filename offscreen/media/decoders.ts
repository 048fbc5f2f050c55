import { WebplatError } from '../../src/protocol/errors.ts';
import type { Pixels } from '../../src/protocol/tasks/media.ts';
import type { MediaDecoders } from './decode-input.ts';

/** Decoders of the browser that this host runs in. */
export function createMediaDecoders(): MediaDecoders {
  return {
    picture: decodePicture,
    async sound() {
      throw new WebplatError('invalid-request', 'The sound cannot be decoded here. Send samples.', { field: 'input' });
    },
    async video() {
      throw new WebplatError('invalid-request', 'The video cannot be decoded here. Send frames.', { field: 'input' });
    },
  };
}

async function decodePicture(bytes: ArrayBuffer): Promise<Pixels> {
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch(() => {
    throw new WebplatError('invalid-request', 'The picture cannot be decoded.', { field: 'input' });
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context) throw new WebplatError('internal');
  context.drawImage(bitmap, 0, 0);
  return { kind: 'pixels', width, height, data: context.getImageData(0, 0, width, height).data.buffer };
}
