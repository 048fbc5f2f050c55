import type { Extent, Picture } from '../../offscreen/processing/image/picture.ts';

/** An RGB picture of no regularity, the one that `test/fixtures/resized-pictures.json` describes. */
export function makePicture([height, width]: Extent): Picture {
  const data = new Uint8Array(height * width * 3);
  let at = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < 3; c += 1) {
        data[at] = (7 * x + 13 * y + 29 * c + ((x * x + 3 * x * y + 5 * y * y) % 251)) % 256;
        at += 1;
      }
    }
  }
  return { width, height, data };
}
