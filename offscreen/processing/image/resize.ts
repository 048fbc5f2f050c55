import type { Filter, Resampling } from './filters.ts';
import { type Frame, wholeOf } from './frame.ts';
import { resizeNearest } from './nearest.ts';
import { type Extent, type Layout, layoutOf, type Picture } from './picture.ts';
import { FRACTION_BITS, type Taps, tapsOf } from './taps.ts';

/**
 * A picture at another size, as RGB, equal to the bit to what Pillow makes of an 8-bit picture: rows first, then columns, both in
 * fixed point, rounded to 8 bits in between. Only the pixels of `frame` are computed.
 *
 * Time grows with the pixels of the source; memory only with those of the frame (and, for the weights, with the edges of the source),
 * because each row of the source is added to the rows of the target that it counts for, and is never needed again.
 *
 * @throws WebplatError `invalid-request` when the picture has no pixels, too many, or too few bytes
 */
export function resizePicture(
  picture: Picture,
  target: Extent,
  resampling: Resampling,
  frame: Frame = wholeOf(target),
  field = 'picture',
): Picture {
  const layout = layoutOf(picture, field);
  const isSame = target[0] === picture.height && target[1] === picture.width;
  const data =
    resampling === 'nearest' || isSame
      ? resizeNearest(picture, layout, target, frame)
      : convolve(picture, layout, target, resampling, frame);
  return { width: frame.width, height: frame.height, data };
}

const HALF = 1 << (FRACTION_BITS - 1);

/** RGB of the frame, [height, width, 3]. */
function convolve(picture: Picture, layout: Layout, target: Extent, filter: Filter, frame: Frame): Uint8ClampedArray {
  const rows = tapsOf(picture.height, target[0], filter, frame.top, frame.height);
  const columns = tapsOf(picture.width, target[1], filter, frame.left, frame.width);
  const line = new Uint8ClampedArray(frame.width * 3);
  const sums = new Int32Array(frame.height * line.length).fill(HALF);
  let [open, started] = [0, 0];
  for (let y = rows.starts[0] ?? 0; y < (rows.ends.at(-1) ?? 0); y += 1) {
    while (started < rows.count && (rows.starts[started] ?? 0) <= y) started += 1;
    while (open < started && (rows.ends[open] ?? 0) <= y) open += 1;
    if (open === started) continue;
    resizeRow(picture.data, y * picture.width * layout.step, layout, columns, line);
    for (let row = open; row < started; row += 1) {
      const weight = rows.weights[row * rows.stride + y - (rows.starts[row] ?? 0)] ?? 0;
      addRow(sums, row * line.length, line, weight);
    }
  }
  return Uint8ClampedArray.from(sums, (sum) => sum >> FRACTION_BITS);
}

/** One row of the source, from byte `at` on, at the width of the target. Whole numbers of 32 bits throughout, for speed. */
function resizeRow(data: Picture['data'], at: number, layout: Layout, columns: Taps, line: Uint8ClampedArray): void {
  const { step, green, blue } = layout;
  const { count, starts, ends, weights, stride } = columns;
  for (let x = 0; x < count; x += 1) {
    const start = starts[x] ?? 0;
    const taps = (ends[x] ?? 0) - start;
    let [r, g, b] = [HALF, HALF, HALF];
    let pixel = at + start * step;
    for (let k = x * stride; k < x * stride + taps; k += 1) {
      const weight = weights[k] ?? 0;
      r = (r + Math.imul(data[pixel] ?? 0, weight)) | 0;
      g = (g + Math.imul(data[pixel + green] ?? 0, weight)) | 0;
      b = (b + Math.imul(data[pixel + blue] ?? 0, weight)) | 0;
      pixel += step;
    }
    // The array keeps them between 0 and 255.
    line[x * 3] = r >> FRACTION_BITS;
    line[x * 3 + 1] = g >> FRACTION_BITS;
    line[x * 3 + 2] = b >> FRACTION_BITS;
  }
}

function addRow(sums: Int32Array, at: number, line: Uint8ClampedArray, weight: number): void {
  for (let i = 0; i < line.length; i += 1) {
    sums[at + i] = ((sums[at + i] ?? 0) + Math.imul(line[i] ?? 0, weight)) | 0;
  }
}
