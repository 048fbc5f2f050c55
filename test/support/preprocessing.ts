import { readFile } from 'node:fs/promises';
import { parseImageRecipe } from '../../offscreen/processing/image/image-recipe.ts';
import type { GoldenModel, GoldenTensor } from './golden.ts';
import { readPng } from './png.ts';

/** A case of `preprocessing` in `golden.json`. */
export interface Preprocessed {
  readonly file: string;
  readonly outputs: Readonly<Partial<Record<'pixel_values' | 'pixel_mask' | 'image_sizes', GoldenTensor>>>;
}

/** The pictures of a reference model, and what its files say about them. */
export async function openPictures({ folder }: Pick<GoldenModel, 'folder'>) {
  const json: Record<string, unknown> = JSON.parse(await readFile(`${folder}/preprocessor_config.json`, 'utf8'));
  return { json, recipe: parseImageRecipe(json), readPicture: (file: string) => readPng(`${folder}/${file}`) };
}
