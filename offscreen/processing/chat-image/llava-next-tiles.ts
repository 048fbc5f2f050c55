import type { Extent } from '../image/picture.ts';

/**
 * How LLaVA-NeXT sees images of any size (https://llava-vl.github.io/blog/2024-01-30-llava-next, as in the Hugging Face classes
 * LlavaNextImageProcessor and LlavaNextModel): once whole, and in tiles of a canvas that it is fitted into. Features of tiles are
 * put together to rows of patches again, without those of the canvas that show no image, each row ended by a learned vector.
 */

/** How an image is cut. The first tile is the whole image, resized to one tile; the others come row by row. */
export interface TilePlan {
  /** Size of the canvas that the image is fitted into, and of the image once it fits. */
  readonly canvas: Extent;
  readonly resized: Extent;
  /** Black rows above the image, of which there are as many below it, and columns left and right of it. */
  readonly offset: Extent;
  /**
   * Size with the black: the canvas, or one less where that is odd by one. The last tiles are a pixel short then, and are resized
   * to a tile like every image; that is what the reference (transformers 4.47) does, later versions add the pixel instead.
   */
  readonly padded: Extent;
  /** Rows and columns of tiles on the canvas. */
  readonly grid: Extent;
  /** All tiles, the whole image included. */
  readonly tiles: number;
}

/** The plan for an image of `size`, with canvases of some sizes to choose from and tiles of `tile` pixels each way. */
export function planTiles(size: Extent, canvases: readonly Extent[], tile: number): TilePlan {
  const canvas = chooseCanvas(size, canvases);
  const resized = fitInto(size, canvas);
  const offset: Extent = [Math.floor((canvas[0] - resized[0]) / 2), Math.floor((canvas[1] - resized[1]) / 2)];
  const grid: Extent = [Math.ceil(canvas[0] / tile), Math.ceil(canvas[1] / tile)];
  return {
    canvas,
    resized,
    offset,
    padded: [resized[0] + 2 * offset[0], resized[1] + 2 * offset[1]],
    grid,
    tiles: grid[0] * grid[1] + 1,
  };
}

/** The canvas that keeps most pixels of the image; of several, the one that wastes fewest of its own. */
function chooseCanvas([height, width]: Extent, canvases: readonly Extent[]): Extent {
  let best: Extent | undefined;
  let [mostKept, leastWasted] = [0, Number.POSITIVE_INFINITY];
  for (const canvas of canvases) {
    const scale = Math.min(canvas[1] / width, canvas[0] / height);
    const kept = Math.min(Math.floor(width * scale) * Math.floor(height * scale), width * height);
    const wasted = canvas[0] * canvas[1] - kept;
    if (kept < mostKept || (kept === mostKept && wasted >= leastWasted)) continue;
    best = canvas;
    [mostKept, leastWasted] = [kept, wasted];
  }
  if (!best) throw new RangeError('There is no canvas to choose.');
  return best;
}

/** The largest size of the image's shape that fits into the canvas. */
function fitInto([height, width]: Extent, canvas: Extent): Extent {
  const [down, across] = [canvas[0] / height, canvas[1] / width];
  return across < down
    ? [Math.min(Math.ceil(height * across), canvas[0]), canvas[1]]
    : [canvas[0], Math.min(Math.ceil(width * down), canvas[1])];
}

/** In place of the number of a vector: the vector that ends a row. */
export const NEWLINE = -1;

/**
 * In which order vectors of an image go to the language model: first those of the whole image, then those of the rows of patches,
 * each row ended by {@link NEWLINE}. Numbers count patches of all tiles, `side` times `side` a tile.
 */
export function packOrder(size: Extent, grid: Extent, side: number): Int32Array<ArrayBuffer> {
  const perTile = side * side;
  const [rows, columns] = shownPatches(size, [grid[0] * side, grid[1] * side]);
  const order: number[] = Array.from({ length: perTile }, (_, patch) => patch);
  for (let row = rows[0]; row < rows[1]; row += 1) {
    for (let column = columns[0]; column < columns[1]; column += 1) {
      const tile = 1 + Math.floor(row / side) * grid[1] + Math.floor(column / side);
      order.push(tile * perTile + (row % side) * side + (column % side));
    }
    order.push(NEWLINE);
  }
  return Int32Array.from(order);
}

/** Length of {@link packOrder}, the order itself left out. */
export function packedLength(size: Extent, grid: Extent, side: number): number {
  const [rows, columns] = shownPatches(size, [grid[0] * side, grid[1] * side]);
  return side * side + (rows[1] - rows[0]) * (columns[1] - columns[0] + 1);
}

type Span = readonly [start: number, end: number];

/** Rows and columns of patches that show the image: as much is cut off on either side as its shape leaves free. */
function shownPatches([height, width]: Extent, [rows, columns]: Extent): readonly [Span, Span] {
  const cut = (free: number): number => Math.floor(free / 2);
  if (width / height > columns / rows) {
    const margin = cut(rows - wholeOf(height * (columns / width)));
    return [
      [margin, rows - margin],
      [0, columns],
    ];
  }
  const margin = cut(columns - wholeOf(width * (rows / height)));
  return [
    [0, rows],
    [margin, columns - margin],
  ];
}

/** Whole part of a number that may be a hair below it: rounded to seven places first. */
const wholeOf = (value: number): number => Math.floor(Math.round(value * 1e7) / 1e7);

/**
 * The vectors of an image in the order that the language model takes them.
 *
 * @param features of all patches of all tiles, [tiles * patches, newline.length]
 */
export function packFeatures(
  features: Float32Array,
  newline: Float32Array,
  order: Int32Array,
): Float32Array<ArrayBuffer> {
  const width = newline.length;
  const packed = new Float32Array(order.length * width);
  for (const [at, patch] of order.entries()) {
    const vector = patch === NEWLINE ? newline : features.subarray(patch * width, (patch + 1) * width);
    if (vector.length !== width) throw new RangeError(`There is no patch ${patch}.`);
    packed.set(vector, at * width);
  }
  return packed;
}
