import type { Resampling } from './filters.ts';
import type { Frame } from './frame.ts';
import { badPicture, checkExtent, type Extent, extentOf, type Picture } from './picture.ts';
import { resizePicture } from './resize.ts';
import { type SizeRule, targetSize } from './target-size.ts';

/** How a picture is brought to the size that a model takes. */
export interface Fitting {
  readonly resize: { readonly size: SizeRule; readonly resampling: Resampling } | undefined;
  /** Size that is cut out of the middle afterwards. */
  readonly crop: Extent | undefined;
}

/** Size of a picture once it is fitted. @throws WebplatError `invalid-request` when it cannot be fitted */
export function fittedSize(extent: Extent, { resize, crop }: Fitting, field = 'picture'): Extent {
  const target = resizedSize(extent, resize, field);
  return crop ?? target;
}

function resizedSize(extent: Extent, resize: Fitting['resize'], field: string): Extent {
  checkExtent(extent, field);
  return resize ? targetSize(extent, resize.size, field) : extent;
}

/**
 * A picture resized and cut, as RGB. Only what is left after cutting is computed, so that a narrow picture, which becomes very long
 * before its middle is cut out, takes no more memory than any other.
 *
 * @throws WebplatError `invalid-request` when the picture has no pixels, too many, too few bytes, or is too narrow
 */
export function fitPicture(picture: Picture, { resize, crop }: Fitting, field = 'picture'): Picture {
  const target = resizedSize(extentOf(picture), resize, field);
  const resampling = resize?.resampling ?? 'nearest';
  if (!crop) return resizePicture(picture, target, resampling, undefined, field);
  const [rows, columns] = [cutMiddle(target[0], crop[0]), cutMiddle(target[1], crop[1])];
  const frame: Frame = { top: rows.start, height: rows.length, left: columns.start, width: columns.length };
  const part = resizePicture(picture, target, resampling, frame, field);
  return onBlack(part, crop, [rows.margin, columns.margin]);
}

/** The middle of a length: where it starts, how long it is, and what is missing before it. Halves go to the start. */
function cutMiddle(length: number, wanted: number) {
  const start = Math.floor((length - wanted) / 2);
  return { start: Math.max(start, 0), length: Math.min(length, wanted), margin: Math.max(-start, 0) };
}

/** An RGB picture on a black one of a size, `offset` pixels from the top and from the left. */
export function onBlack(picture: Picture, extent: Extent, offset: Extent): Picture {
  const { width, height, data } = picture;
  if (width === extent[1] && height === extent[0]) return picture;
  if (height + offset[0] > extent[0] || width + offset[1] > extent[1]) throw badPicture('picture', 'fit on its canvas');
  const canvas = new Uint8ClampedArray(extent[0] * extent[1] * 3);
  for (let row = 0; row < height; row += 1) {
    const at = (row + offset[0]) * extent[1] + offset[1];
    canvas.set(data.subarray(row * width * 3, (row + 1) * width * 3), at * 3);
  }
  return { width: extent[1], height: extent[0], data: canvas };
}
