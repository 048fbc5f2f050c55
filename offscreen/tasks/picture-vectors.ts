import * as v from 'valibot';
import type { Pixels } from '../../src/protocol/tasks/media.ts';
import { parseFields } from '../graphs/config-fields.ts';
import { packFeatures, packOrder } from '../processing/chat-image/llava-next-tiles.ts';
import { prepareTiles } from '../processing/chat-image/prepare-tiles.ts';
import { parseTileRecipe } from '../processing/chat-image/tile-recipe.ts';
import { extentOf } from '../processing/image/picture.ts';
import { pictureInputs, pictureOf } from './picture-inputs.ts';
import type { Runs } from './runs.ts';
import type { TaskModel } from './task-model.ts';

const ProcessorFields = v.object({
  image_grid_pinpoints: v.nullish(v.unknown()),
  image_processor_type: v.nullish(v.string()),
});

/** What stands for each picture in a prompt: vectors of the language model's width, one after the other. */
export async function picturesToVectors(
  model: TaskModel,
  runs: Runs,
  pictures: readonly Pixels[],
): Promise<readonly Float32Array[]> {
  const see = isTiled(model) ? seeTiles : seeWhole;
  const vectors: Float32Array[] = [];
  // One at a time: each may take as much memory as the model's files allow.
  for (const picture of pictures) vectors.push(await see(model, runs, picture));
  return vectors;
}

function isTiled(model: Pick<TaskModel, 'file'>): boolean {
  const file = parseFields(ProcessorFields, model.file('preprocessor_config.json') ?? {}, 'preprocessor_config.json');
  return Boolean(file.image_grid_pinpoints) || /LlavaNext/.test(file.image_processor_type ?? '');
}

async function seeWhole(model: TaskModel, runs: Runs, picture: Pixels): Promise<Float32Array> {
  const graph = model.graph('vision');
  const outputs = await runs.run(graph, pictureInputs(model, graph, picture).inputs);
  return outputs.get('image_features').data;
}

/** Whole and in tiles, which are put together to rows of patches again. */
async function seeTiles(model: TaskModel, runs: Runs, pixels: Pixels): Promise<Float32Array> {
  const picture = pictureOf(pixels);
  const recipe = parseTileRecipe(model.file('preprocessor_config.json'));
  const { pixelValues, plans } = prepareTiles([picture], recipe, 'input');
  const [, ...dims] = pixelValues.dims;
  const outputs = await runs.run(model.graph('vision'), {
    pixel_values: { dtype: 'float32', dims, data: pixelValues.data.buffer },
  });
  const features = outputs.get('image_features');
  const side = Math.sqrt(features.dims[1] ?? 0);
  const order = packOrder(extentOf(picture), plans[0]?.grid ?? [1, 1], side);
  return packFeatures(features.data, outputs.get('image_newline').data, order);
}
