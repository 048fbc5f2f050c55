import * as v from 'valibot';
import { corrupt, parseFields, unsupported } from '../../graphs/config-fields.ts';
import type { Fitting } from '../image/fit-picture.ts';
import { type ImageRecipe, parseImageRecipe } from '../image/image-recipe.ts';
import type { Extent } from '../image/picture.ts';
import { Edge } from '../image/size-fields.ts';

/** What becomes of pictures that are seen whole and in tiles. */
export interface TileRecipe extends ImageRecipe {
  readonly resize: NonNullable<Fitting['resize']>;
  /** Sizes of canvases that a picture may be fitted into. */
  readonly canvases: readonly Extent[];
  /** Edge of a tile. */
  readonly tile: number;
  /** Size of the whole picture before it is treated like a tile. */
  readonly whole: Extent;
}

const TileFields = v.object({
  image_grid_pinpoints: v.nullish(v.pipe(v.array(v.tuple([Edge, Edge])), v.minLength(1), v.maxLength(256))),
});

/** Tiles of a canvas. Models have a tenth of that; each tile takes memory, also where it is tiny. */
const MOST_TILES = 256;

/** Canvases of the class LlavaNextImageProcessor where the file names none. */
const USUAL_CANVASES: readonly Extent[] = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
];

/**
 * What `preprocessor_config.json` of a LLaVA-NeXT says about pictures.
 *
 * @throws WebplatError `model-corrupt` and `model-unsupported` like {@link parseImageRecipe}, also when tiles are not all of one size
 */
export function parseTileRecipe(json: unknown): TileRecipe {
  const recipe = parseImageRecipe(json, 'LlavaNext');
  const { image_grid_pinpoints } = parseFields(TileFields, json, 'preprocessor_config.json');
  const { resize, crop } = recipe;
  if (!resize || !crop) throw unsupported('Tiles that are not resized and cropped.');
  const [tile, width] = crop;
  if (tile !== width) throw unsupported('Tiles that are not square.');
  const canvases = image_grid_pinpoints ?? USUAL_CANVASES;
  // Tiles become rows and columns of patches, of which there are no parts.
  if (canvases.some((canvas) => canvas.some((edge) => edge % tile !== 0))) {
    throw corrupt('preprocessor_config.json contradicts itself: image_grid_pinpoints are no multiples of crop_size.');
  }
  if (canvases.some(([height, width]) => (height / tile) * (width / tile) > MOST_TILES)) {
    throw unsupported(`Pictures in more than ${MOST_TILES} tiles.`);
  }
  const { size } = resize;
  return { ...recipe, resize, canvases, tile, whole: size.kind === 'exact' ? size.extent : [size.edge, size.edge] };
}
