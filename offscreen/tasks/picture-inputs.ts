import type { Pixels } from '../../src/protocol/tasks/media.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import { parseImageRecipe } from '../processing/image/image-recipe.ts';
import type { Picture } from '../processing/image/picture.ts';
import { type PreparedImages, prepareImages } from '../processing/image/prepare-images.ts';
import type { Graph } from './graph.ts';
import type { TaskModel } from './task-model.ts';

/** Pixels as they came from a site. */
export const pictureOf = ({ width, height, data }: Pixels): Picture => ({
  width,
  height,
  data: new Uint8ClampedArray(data),
});

/** How the model wants its pictures. */
export const recipeOf = (model: Pick<TaskModel, 'file'>) => parseImageRecipe(model.file('preprocessor_config.json'));

/** A picture as the model's files say; the inputs that `graph` has no use for are left out. */
export function pictureInputs(
  model: Pick<TaskModel, 'file'>,
  graph: Pick<Graph, 'inputs'>,
  pixels: Pixels,
): { readonly prepared: PreparedImages; readonly inputs: TensorMap } {
  const prepared = prepareImages([pictureOf(pixels)], recipeOf(model), 'input');
  const { pixelValues, pixelMask } = prepared;
  const inputs: TensorMap = {
    pixel_values: { dtype: 'float32', dims: [...pixelValues.dims], data: pixelValues.data.buffer },
  };
  if (pixelMask && graph.inputs.some(({ name }) => name === 'pixel_mask')) {
    inputs.pixel_mask = { dtype: 'int64', dims: [...pixelMask.dims], data: pixelMask.data.buffer };
  }
  return { prepared, inputs };
}
