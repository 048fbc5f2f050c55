import { fitPicture, onBlack } from '../image/fit-picture.ts';
import { badPicture, checkExtent, type Extent, extentOf, type Picture } from '../image/picture.ts';
import { resizePicture } from '../image/resize.ts';
import { checkPrepared, type FloatTensor, stackPictures } from '../image/stack.ts';
import { planTiles, type TilePlan } from './llava-next-tiles.ts';
import type { TileRecipe } from './tile-recipe.ts';

export interface PreparedTiles {
  /** float32 [pictures, tiles, 3, height, width]; pictures of fewer tiles than others are filled up with tiles of 0. */
  readonly pixelValues: FloatTensor;
  /** How each picture was cut: `plans[i].tiles` of its tiles are its own. */
  readonly plans: readonly TilePlan[];
  /** Sizes of the pictures as they came. */
  readonly sizes: readonly Extent[];
}

/**
 * Pictures as LLaVA-NeXT takes them: each whole and in tiles. A model that runs on one picture at a time takes
 * [tiles, 3, height, width], the same numbers without the first dimension.
 *
 * @throws WebplatError `invalid-request` when there are no pictures, one is bad, or they would take too much memory, of which none
 *   has been allocated by then
 */
export function prepareTiles(pictures: readonly Picture[], recipe: TileRecipe, field = 'pictures'): PreparedTiles {
  if (pictures.length === 0) throw badPicture(field, 'hold at least one picture');
  const sizes = pictures.map(extentOf);
  const plans = sizes.map((size, i) => {
    checkExtent(size, `${field}[${i}]`);
    return planTiles(size, recipe.canvases, recipe.tile);
  });
  const most = plans.reduce((max, { tiles }) => Math.max(max, tiles), 0);
  const tile: Extent = [recipe.tile, recipe.tile];
  checkPrepared(pictures.length * most, tile, field);
  const stacks = plans.flatMap((plan, i) => {
    const picture = pictures[i];
    return picture ? [stackPictures(tilesOf(picture, plan, recipe, `${field}[${i}]`), tile, recipe.levels)] : [];
  });
  const [, ...dims] = stacks[0]?.dims ?? [];
  const stride = most * dims.reduce((product, dim) => product * dim, 1);
  const data = new Float32Array(pictures.length * stride);
  for (const [i, stack] of stacks.entries()) data.set(stack.data, i * stride);
  return { pixelValues: { dims: [pictures.length, most, ...dims], data }, plans, sizes };
}

/** The whole picture, and the tiles of its canvas row by row. Each is fitted as a picture of its own, also where it fits already. */
function tilesOf(picture: Picture, plan: TilePlan, recipe: TileRecipe, field: string): Picture[] {
  const { resampling } = recipe.resize;
  const whole = resizePicture(picture, recipe.whole, resampling, undefined, field);
  const resized = resizePicture(picture, plan.resized, resampling, undefined, field);
  const canvas = onBlack(resized, plan.padded, plan.offset);
  return [whole, ...cutIntoTiles(canvas, recipe.tile)].map((tile) => fitPicture(tile, recipe, field));
}

/** Tiles at the right and at the bottom may be a pixel short; see {@link TilePlan.padded}. */
function cutIntoTiles(canvas: Picture, tile: number): Picture[] {
  const tiles: Picture[] = [];
  for (let top = 0; top < canvas.height; top += tile) {
    for (let left = 0; left < canvas.width; left += tile) {
      const [height, width] = [Math.min(tile, canvas.height - top), Math.min(tile, canvas.width - left)];
      tiles.push(resizePicture(canvas, extentOf(canvas), 'nearest', { top, left, height, width }));
    }
  }
  return tiles;
}
