import type { ImageRecipe } from '../image/image-recipe.ts';
import type { Picture } from '../image/picture.ts';
import { prepareImages } from '../image/prepare-images.ts';
import type { FloatTensor } from '../image/stack.ts';
import { frameIndices } from './frame-indices.ts';

/**
 * A video as a model takes it: float32 [1, wanted, 3, height, width]. Frames that are not looked at may be left out by whoever
 * decodes them, if it asks {@link frameIndices} first and gives exactly as many as are wanted.
 *
 * @throws WebplatError `invalid-request` like {@link prepareImages}
 */
export function prepareFrames(frames: readonly Picture[], wanted: number, recipe: ImageRecipe): FloatTensor {
  const chosen = frameIndices(frames.length, wanted).flatMap((index) => frames[index] ?? []);
  const { pixelValues } = prepareImages(chosen, recipe, 'frames');
  return { dims: [1, ...pixelValues.dims], data: pixelValues.data };
}
