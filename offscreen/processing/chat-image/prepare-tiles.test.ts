import { describe, expect, it } from 'vitest';
import { largestDifference, openGolden } from '../../../test/support/golden.ts';
import { makePicture } from '../../../test/support/picture.ts';
import { openPictures, type Preprocessed } from '../../../test/support/preprocessing.ts';
import { PICTURE_LIMITS } from '../image/picture.ts';
import { prepareTiles } from './prepare-tiles.ts';
import { parseTileRecipe } from './tile-recipe.ts';

const model = await openGolden('llava_next');
const { json, readPicture } = await openPictures(model);
const recipe = parseTileRecipe(json);
const { cases, atol }: { cases: Preprocessed[]; atol: number } = model.golden.preprocessing;
const refused = (field: string, rule: string) =>
  expect.objectContaining({ code: 'invalid-request', data: { field }, message: expect.stringContaining(rule) });

describe('pictures in tiles', () => {
  it.each(cases)('are what the reference makes of them: $file', async ({ file, outputs }) => {
    const { pixelValues, sizes, plans } = prepareTiles([await readPicture(file)], recipe);
    expect(pixelValues.dims).toEqual(outputs.pixel_values?.shape);
    const expected = await model.floats(outputs.pixel_values);
    expect(largestDifference(pixelValues.data, expected)).toBeLessThanOrEqual(atol);
    expect(sizes.flat()).toEqual(await model.ids(outputs.image_sizes));
    expect(plans.map(({ tiles }) => tiles)).toEqual([outputs.pixel_values?.shape[1]]);
  });

  it('of several pictures are one batch, the same as that of the reference', async () => {
    const files: string[] = model.golden.generation_batch[0].files;
    const { inputs } = model.caseOf('batch_left_pad');
    const { pixelValues, sizes } = prepareTiles(await Promise.all(files.map(readPicture)), recipe);
    expect(pixelValues.dims).toEqual(inputs.pixel_values?.shape);
    expect(largestDifference(pixelValues.data, await model.floats(inputs.pixel_values))).toBeLessThanOrEqual(atol);
    expect(sizes.flat()).toEqual(await model.ids(inputs.image_sizes));
  });

  it('are filled up with tiles of 0 where a picture of the batch has fewer than another', async () => {
    const [few, many] = await Promise.all(['inputs/gray.png', 'inputs/rgb.png'].map(readPicture));
    if (!few || !many) throw new Error('Two pictures are needed.');
    const { pixelValues, plans } = prepareTiles([few, many], recipe);
    expect(plans.map(({ tiles }) => tiles)).toEqual([3, 5]);
    expect(pixelValues.dims).toEqual([2, 5, 3, 32, 32]);
    const tile = 3 * 32 * 32;
    expect(pixelValues.data.subarray(0, 3 * tile)).toEqual(prepareTiles([few], recipe).pixelValues.data);
    expect(pixelValues.data.subarray(3 * tile, 5 * tile)).toEqual(new Float32Array(2 * tile));
    expect(pixelValues.data.subarray(5 * tile)).toEqual(prepareTiles([many], recipe).pixelValues.data);
  });

  it('have the size of tiles also where the canvas is an odd pixel short', () => {
    const odd = parseTileRecipe({ ...json, image_grid_pinpoints: [[64, 64]] });
    const { pixelValues, plans } = prepareTiles([makePicture([33, 50])], odd);
    expect(plans[0]?.padded).toEqual([63, 64]);
    expect(pixelValues.dims).toEqual([1, 5, 3, 32, 32]);
  });

  it('are of pictures, of which the bad one is named', () => {
    const good = makePicture([40, 40]);
    expect(() => prepareTiles([], recipe)).toThrow(refused('pictures', 'hold at least one picture'));
    expect(() => prepareTiles([good, { ...good, height: 0 }], recipe)).toThrow(refused('pictures[1]', 'one pixel'));
    expect(() => prepareTiles([{ ...good, width: 41 }], recipe)).toThrow(refused('pictures[0].data', '41 x 40'));
  });

  it('are refused for their sizes alone where they are too many, before bytes are looked at', () => {
    const empty = { width: 40, height: 40, data: new Uint8Array(0) };
    const tooMany = Math.floor(PICTURE_LIMITS.preparedPixels / (5 * 32 * 32)) + 1;
    expect(() => prepareTiles(Array(tooMany).fill(empty), recipe)).toThrow(refused('pictures', 'be fewer'));
    expect(() => prepareTiles([empty], recipe)).toThrow(refused('pictures[0].data', 'not 0 bytes'));
  });

  it('of very narrow pictures are as many as of others', () => {
    const narrow = prepareTiles([{ width: 60_000, height: 1, data: new Uint8Array(60_000) }], recipe);
    expect(narrow.plans[0]?.resized).toEqual([1, 64]);
    expect(narrow.pixelValues.dims).toEqual([1, 3, 3, 32, 32]);
  });
});

describe('what preprocessor_config.json says about tiles', () => {
  it('is what the class does where it says nothing', () => {
    const usual = parseTileRecipe({ size: { shortest_edge: 336 }, crop_size: 336 });
    expect(usual).toMatchObject({ tile: 336, whole: [336, 336] });
    expect(usual.canvases).toContainEqual([336, 1008]);
    expect(parseTileRecipe({ size: { height: 48, width: 40 }, crop_size: 336 }).whole).toEqual([48, 40]);
  });

  it.each([
    [{ image_grid_pinpoints: [[64, 65]] }, 'model-corrupt', 'no multiples of crop_size'],
    [{ image_grid_pinpoints: [] }, 'model-corrupt', 'not valid at image_grid_pinpoints'],
    [{ image_grid_pinpoints: [[32, 1024 * 4]], crop_size: 8 }, 'model-unsupported', 'more than 256 tiles'],
    [{ crop_size: { height: 32, width: 64 } }, 'model-unsupported', 'not square'],
    [{ do_resize: false }, 'model-unsupported', 'not resized and cropped'],
    [{ do_center_crop: false }, 'model-unsupported', 'not resized and cropped'],
  ])('is refused where no tiles come of it: %j', (fields, code, reason) => {
    const error = expect.objectContaining({ code, data: { reason: expect.stringContaining(reason) } });
    expect(() => parseTileRecipe({ ...json, ...fields })).toThrow(error);
  });
});
