import { CHANNELS, LEVELS, type Levels } from './levels.ts';
import { badPicture, type Extent, PICTURE_LIMITS, type Picture } from './picture.ts';

/** Numbers in rows, the last dimension running fastest. */
export interface FloatTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** The same with 64-bit integers, as graphs take masks and ids. */
export interface IntegerTensor {
  readonly dims: readonly number[];
  readonly data: BigInt64Array<ArrayBuffer>;
}

/** @throws WebplatError `invalid-request` when so many prepared pictures of one size would take too much memory */
export function checkPrepared(count: number, [height, width]: Extent, field = 'pictures'): void {
  if (count * height * width <= PICTURE_LIMITS.preparedPixels) return;
  const rule = `be fewer: at ${height} x ${width} pixels each, they are more than ${PICTURE_LIMITS.preparedPixels}`;
  throw badPicture(field, rule);
}

/** RGB pictures as float32 [pictures, 3, height, width] of `extent`; 0 right of those and below those that are smaller. */
export function stackPictures(pictures: readonly Picture[], extent: Extent, levels: Levels): FloatTensor {
  const [height, width] = extent;
  checkPrepared(pictures.length, extent);
  const data = new Float32Array(pictures.length * CHANNELS * height * width);
  for (const [i, picture] of pictures.entries()) {
    for (let channel = 0; channel < CHANNELS; channel += 1) {
      const plane = (i * CHANNELS + channel) * height * width;
      writePlane(picture, channel, levels, data.subarray(plane, plane + height * width), width);
    }
  }
  return { dims: [pictures.length, CHANNELS, height, width], data };
}

function writePlane(picture: Picture, channel: number, levels: Levels, plane: Float32Array, width: number): void {
  const levelsFrom = channel * LEVELS;
  let at = channel;
  for (let row = 0; row < picture.height; row += 1) {
    for (let i = row * width; i < row * width + picture.width; i += 1) {
      plane[i] = levels[levelsFrom + (picture.data[at] ?? 0)] ?? 0;
      at += CHANNELS;
    }
  }
}

/** Where pictures are in such a stack: int64 [pictures, height, width], 1 where there is a picture. */
export function stackMasks(sizes: readonly Extent[], [height, width]: Extent): IntegerTensor {
  const data = new BigInt64Array(sizes.length * height * width);
  for (const [i, size] of sizes.entries()) {
    for (let row = 0; row < size[0]; row += 1) {
      const at = (i * height + row) * width;
      data.fill(1n, at, at + size[1]);
    }
  }
  return { dims: [sizes.length, height, width], data };
}
