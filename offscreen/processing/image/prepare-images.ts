import { fitPicture, fittedSize } from './fit-picture.ts';
import type { ImageRecipe } from './image-recipe.ts';
import { badPicture, type Extent, extentOf, type Picture } from './picture.ts';
import { checkPrepared, type FloatTensor, type IntegerTensor, stackMasks, stackPictures } from './stack.ts';

export interface PreparedImages {
  /** float32 [pictures, 3, height, width] */
  readonly pixelValues: FloatTensor;
  /** int64 [pictures, height, width], 1 where there is a picture; undefined for models that take none. */
  readonly pixelMask: IntegerTensor | undefined;
  /** Sizes of the pictures as they came, which is what boxes are told in. */
  readonly sizes: readonly Extent[];
}

/**
 * Pictures as a model takes them, all in one batch.
 *
 * @param field what the pictures are called in errors
 * @throws WebplatError `invalid-request` when there are no pictures, one is bad, they are of different sizes and the recipe does not
 *   fill them up, or they would take too much memory, of which none has been allocated by then
 */
export function prepareImages(pictures: readonly Picture[], recipe: ImageRecipe, field = 'pictures'): PreparedImages {
  const nameOf = (i: number) => `${field}[${i}]`;
  const sizes = pictures.map(extentOf);
  const fitted = sizes.map((size, i) => fittedSize(size, recipe, nameOf(i)));
  const extent = commonSize(fitted, recipe.padding, field);
  checkPrepared(pictures.length, extent, field);
  const ready = pictures.map((picture, i) => fitPicture(picture, recipe, nameOf(i)));
  return {
    pixelValues: stackPictures(ready, extent, recipe.levels),
    pixelMask: recipe.hasMask ? stackMasks(fitted, extent) : undefined,
    sizes,
  };
}

/** The size that all pictures of a batch have in the end. @throws WebplatError `invalid-request` when there is none */
function commonSize(sizes: readonly Extent[], padding: ImageRecipe['padding'], field: string): Extent {
  const largest = sizes.reduce<Extent>((all, one) => [Math.max(all[0], one[0]), Math.max(all[1], one[1])], [0, 0]);
  if (sizes.length === 0) throw badPicture(field, 'hold at least one picture');
  if (padding === 'batch') return largest;
  if (padding !== 'none') {
    const [height, width] = padding;
    if (largest[0] > height || largest[1] > width)
      throw badPicture(field, `fit into ${height} x ${width} pixels once resized`);
    return padding;
  }
  if (sizes.some(([height, width]) => height !== largest[0] || width !== largest[1])) {
    throw badPicture(field, 'be of one size, or be sent one by one: this model does not fill up smaller ones');
  }
  return largest;
}
