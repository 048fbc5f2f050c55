import * as v from 'valibot';
import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { createGraphBuilder, type EmittedGraph } from './build/graph-builder.ts';
import { copied } from './build/recipe.ts';
import { GraphError } from './build/value.ts';
import { parseFields, Size, unsupported } from './config-fields.ts';
import type { Storage } from './graph.ts';
import { addVision } from './llava.ts';
import { parseLlavaConfig } from './llava-config.ts';

/**
 * LLaVA-NeXT (Liu et al. 2024, https://llava-vl.github.io/blog/2024-01-30-llava-next): a LLaVA that sees an image whole and in
 * tiles. How images are cut, and how features of tiles are put together, is in
 * `offscreen/processing/chat-image/llava-next-tiles.ts`.
 */
export { emitLlavaDecoder as emitLlavaNextDecoder, emitLlavaEmbedding as emitLlavaNextEmbedding } from './llava.ts';

const PinpointFields = v.object({
  image_grid_pinpoints: v.optional(v.pipe(v.array(v.tuple([Size, Size])), v.minLength(1)), [
    [336, 672],
    [672, 336],
    [672, 672],
    [1008, 336],
    [336, 1008],
  ]),
});

/** Heights and widths that images are fitted into before they are cut. @throws WebplatError `model-corrupt` */
export function gridPinpoints(config: unknown): readonly (readonly [number, number])[] {
  return parseFields(PinpointFields, config).image_grid_pinpoints;
}

/**
 * Tiles of images: input `pixel_values` float32 [tiles, channels, size, size]; outputs `image_features` float32 [tiles, patches,
 * hidden of the language model] and `image_newline` float32 [hidden], which ends every row of patches.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitLlavaNextVision(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const parsed = parseLlavaConfig(config);
  // Rows of patches are put together as a picture, in which class tokens have no place.
  if (parsed.withClassToken) throw unsupported('Tiles with class tokens.');
  const g = createGraphBuilder({ name: 'llava-next-vision', params, storage });
  addVision(g, parsed, storage);
  g.part('projector', () => {
    const name = g.has('model.image_newline') ? 'model.image_newline' : 'image_newline';
    const dims = [parsed.text.hidden];
    const [newline] = g.weights(copied([g.require(name, dims)], dims, 'float32'), [`${name}.row`]);
    if (!newline) throw new GraphError('A recipe without a weight.');
    g.output(newline, 'image_newline');
  });
  return g.finish();
}
