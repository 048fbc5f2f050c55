import * as v from 'valibot';
import { parseFields } from '../../graphs/config-fields.ts';
import type { LlavaConfig } from '../../graphs/llava-config.ts';
import type { Extent } from '../image/picture.ts';
import { packedLength, type TilePlan } from './llava-next-tiles.ts';

/** How many vectors stand for a picture in a prompt, and which id holds their places. */

const TokenId = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const TokenFields = v.object({ image_token_index: v.nullish(TokenId), image_token_id: v.nullish(TokenId) });

/** The id of `<image>`, by the name of it that `config.json` uses; of LLaVA's first models if none. @throws WebplatError `model-corrupt` */
export function imageTokenOf(config: unknown): number {
  const { image_token_index, image_token_id } = parseFields(TokenFields, config);
  return image_token_index ?? image_token_id ?? 32_000;
}

type Vision = Pick<LlavaConfig, 'vision' | 'withClassToken'>;

/** Patches of a picture or tile, from top to bottom and from left to right; what is left at the edges is not seen. */
function patchesOf({ vision: { patches } }: Vision): Extent {
  const [[height, width], [down, across]] = [patches.image, patches.patch];
  return [Math.floor(height / down), Math.floor(width / across)];
}

/** Vectors of any picture that LLaVA sees: one for each patch, and that of the class token where the model takes it. */
export function llavaTokens(config: Vision): number {
  const [rows, columns] = patchesOf(config);
  return rows * columns + (config.withClassToken ? 1 : 0);
}

/** Vectors of a picture of `size` that LLaVA-NeXT sees as planned: see {@link packedLength}. */
export function llavaNextTokens(config: Vision, size: Extent, { grid }: Pick<TilePlan, 'grid'>): number {
  const [side] = patchesOf(config);
  return packedLength(size, grid, side);
}
