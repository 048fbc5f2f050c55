import { describe, expect, it } from 'vitest';
import { largestDifference, openGolden } from '../../../test/support/golden.ts';
import { makePicture } from '../../../test/support/picture.ts';
import { openPictures, type Preprocessed } from '../../../test/support/preprocessing.ts';
import { parseImageRecipe } from './image-recipe.ts';
import { PICTURE_LIMITS } from './picture.ts';
import { prepareImages } from './prepare-images.ts';

const refused = (field: string, rule: string) =>
  expect.objectContaining({ code: 'invalid-request', data: { field }, message: expect.stringContaining(rule) });

describe.each(['vit', 'clip', 'detr', 'llava'])('pictures for %s', async (name) => {
  const model = await openGolden(name);
  const { recipe, readPicture } = await openPictures(model);
  const { cases, atol }: { cases: Preprocessed[]; atol: number } = model.golden.preprocessing;

  it.each(cases)('become what the reference makes of them: $file', async ({ file, outputs }) => {
    const picture = await readPicture(file);
    const { pixelValues, pixelMask, sizes } = prepareImages([picture], recipe);
    expect(pixelValues.dims).toEqual(outputs.pixel_values?.shape);
    const expected = await model.floats(outputs.pixel_values);
    expect(largestDifference(pixelValues.data, expected)).toBeLessThanOrEqual(atol);
    expect(pixelMask?.dims).toEqual(outputs.pixel_mask?.shape);
    if (outputs.pixel_mask)
      expect(Array.from(pixelMask?.data ?? [], Number)).toEqual(await model.ids(outputs.pixel_mask));
    expect(sizes).toEqual([[picture.height, picture.width]]);
  });
});

describe('a batch of pictures', async () => {
  const detr = await openGolden('detr');
  const { recipe, readPicture } = await openPictures(detr);

  it('is filled up to the largest, with a mask, as the reference does', async () => {
    const pictures = await Promise.all(['inputs/rgb.png', 'inputs/gray.png'].map(readPicture));
    const { pixelValues, pixelMask } = prepareImages(pictures, recipe);
    const { inputs } = detr.caseOf('batch_padded');
    expect(pixelValues.dims).toEqual(inputs.pixel_values?.shape);
    expect(largestDifference(pixelValues.data, await detr.floats(inputs.pixel_values))).toBeLessThanOrEqual(1e-5);
    expect(Array.from(pixelMask?.data ?? [], Number)).toEqual(await detr.ids(inputs.pixel_mask));
  });

  it('is filled up to a fixed size where the file states one', () => {
    const padded = parseImageRecipe({
      image_processor_type: 'DetrImageProcessor',
      size: { shortest_edge: 10, longest_edge: 20 },
      pad_size: { height: 16, width: 32 },
    });
    const { pixelValues, pixelMask } = prepareImages([makePicture([20, 30])], padded);
    expect(pixelValues.dims).toEqual([1, 3, 16, 32]);
    expect(pixelMask?.data.filter((one) => one === 1n)).toHaveLength(10 * 15);
    expect(() => prepareImages([makePicture([40, 20])], padded)).toThrow(
      refused('pictures', 'fit into 16 x 32 pixels once resized'),
    );
  });

  it('has to be of one size where nothing fills it up', () => {
    const plain = parseImageRecipe({ image_processor_type: 'ViTImageProcessor', do_resize: false });
    const [small, large] = [makePicture([4, 6]), makePicture([6, 4])];
    expect(prepareImages([small, small], plain).pixelValues.dims).toEqual([2, 3, 4, 6]);
    expect(prepareImages([small], plain).pixelMask).toBeUndefined();
    expect(() => prepareImages([small, large], plain)).toThrow(refused('pictures', 'be of one size'));
  });

  it('has a picture', () => {
    expect(() => prepareImages([], recipe)).toThrow(refused('pictures', 'hold at least one picture'));
  });

  it('is refused for its size alone, before bytes are looked at', () => {
    const vit = parseImageRecipe({ image_processor_type: 'ViTImageProcessor', size: 2048 });
    const empty = { width: 2, height: 2, data: new Uint8Array(0) };
    expect(() => prepareImages(Array(5).fill(empty), vit)).toThrow(
      refused('pictures', `at 2048 x 2048 pixels each, they are more than ${PICTURE_LIMITS.preparedPixels}`),
    );
    expect(() => prepareImages(Array(4).fill(empty), vit)).toThrow(refused('pictures[0].data', 'not 0 bytes'));
  });

  it('names the picture that is bad', () => {
    const good = makePicture([4, 4]);
    expect(() => prepareImages([good, { ...good, width: 5 }], recipe)).toThrow(
      refused('pictures[1].data', 'hold 5 x 4 pixels'),
    );
    const huge = { width: 10_000, height: 10_000, data: new Uint8Array(0) };
    expect(() => prepareImages([good, huge], recipe)).toThrow(refused('pictures[1]', 'be made smaller'));
  });
});

describe('a picture of an extreme shape', () => {
  const clip = parseImageRecipe({ image_processor_type: 'CLIPImageProcessor' });
  const gray = (height: number, width: number) => ({ height, width, data: new Uint8Array(height * width).fill(7) });

  it('is cut to its middle without ever being whole at the size of the model', () => {
    // Whole, they would be of 224 by more than three million pixels.
    for (const picture of [gray(1, 15_000), gray(15_000, 1)]) {
      const { pixelValues } = prepareImages([picture], clip);
      expect(pixelValues.dims).toEqual([1, 3, 224, 224]);
      const red = (7 / 255 - 0.48145466) / 0.26862954;
      expect(largestDifference(pixelValues.data.subarray(0, 224 * 224), Array(224 * 224).fill(red))).toBeLessThan(1e-6);
    }
  });

  it('is refused where even that would be absurd', () => {
    expect(() => prepareImages([gray(1, 60_000)], clip)).toThrow(refused('pictures[0]', 'be less narrow'));
    const detr = parseImageRecipe({ image_processor_type: 'DetrImageProcessor' });
    expect(() => prepareImages([gray(5000, 1)], detr)).toThrow(refused('pictures[0]', 'be less narrow'));
  });
});
