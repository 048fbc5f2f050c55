import type { Frame } from './frame.ts';
import type { Extent, Layout, Picture } from './picture.ts';

/** RGB of the frame of a picture at another size, [height, width, 3]: each pixel is the one of the source in which its middle lies. */
export function resizeNearest(
  picture: Picture,
  { step, green, blue }: Layout,
  target: Extent,
  frame: Frame,
): Uint8ClampedArray {
  const rows = placesOf(picture.height, target[0], frame.top, frame.height);
  const columns = placesOf(picture.width, target[1], frame.left, frame.width);
  const rgb = new Uint8ClampedArray(frame.height * frame.width * 3);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const pixel = (row * picture.width + column) * step;
      rgb[at] = picture.data[pixel] ?? 0;
      rgb[at + 1] = picture.data[pixel + green] ?? 0;
      rgb[at + 2] = picture.data[pixel + blue] ?? 0;
      at += 3;
    }
  }
  return rgb;
}

/** Source pixels of `count` target pixels from `first` on. Places are added up one by one, as Pillow does, with its rounding. */
function placesOf(source: number, target: number, first: number, count: number): Int32Array {
  const places = new Int32Array(count);
  const scale = source / target;
  let place = scale / 2;
  for (let i = 0; i < first + count; i += 1) {
    if (i >= first) places[i - first] = Math.min(Math.floor(place), source - 1);
    place += scale;
  }
  return places;
}
