import { describe, expect, it } from 'vitest';
import { resamplingOf } from './filters.ts';
import { parseImageRecipe } from './image-recipe.ts';
import { LEVELS } from './levels.ts';

const recipeOf = (fields: object, type = 'ViTImageProcessor') =>
  parseImageRecipe({ image_processor_type: type, ...fields });
const corrupt = (reason: string) =>
  expect.objectContaining({ code: 'model-corrupt', data: { reason: expect.stringContaining(reason) } });
const unsupported = (reason: string) =>
  expect.objectContaining({ code: 'model-unsupported', data: { reason: expect.stringContaining(reason) } });

describe('what preprocessor_config.json says about pictures', () => {
  it.each([
    ['ViTImageProcessor', { kind: 'exact', extent: [224, 224] }, 2, undefined, 'none', -1],
    ['CLIPImageProcessor', { kind: 'shortest', edge: 224 }, 3, [224, 224], 'none', -0.48145466 / 0.26862954],
    ['LlavaNextImageProcessor', { kind: 'shortest', edge: 224 }, 3, [224, 224], 'none', -0.48145466 / 0.26862954],
    ['DetrImageProcessor', { kind: 'shortest', edge: 800, longest: 1333 }, 2, undefined, 'batch', -0.485 / 0.229],
    ['VideoMAEImageProcessor', { kind: 'shortest', edge: 224 }, 2, [224, 224], 'none', -1],
  ])('may be nothing but the class: %s', (type, size, filter, crop, padding, black) => {
    const recipe = recipeOf({}, type);
    expect(recipe.resize?.size).toEqual(size);
    expect(recipe.resize?.resampling).toBe(resamplingOf(filter));
    expect(recipe.crop).toEqual(crop);
    expect(recipe.padding).toBe(padding);
    expect(recipe.hasMask).toBe(padding === 'batch');
    expect(recipe.levels[0]).toBeCloseTo(black, 6);
  });

  it('may name the class in the words of old or new versions, or leave it to who knows the model', () => {
    const names = ['ViTFeatureExtractor', 'ViTImageProcessorFast'];
    for (const name of names) expect(recipeOf({ size: 48 }, name)).toEqual(recipeOf({ size: 48 }));
    expect(parseImageRecipe({ feature_extractor_type: 'ViTFeatureExtractor', size: 48 })).toEqual(
      recipeOf({ size: 48 }),
    );
    expect(parseImageRecipe({ size: 48 }, 'ViT')).toEqual(recipeOf({ size: 48 }));
    expect(() => parseImageRecipe({ size: 48 })).toThrow(corrupt('names no image processor'));
    expect(() => recipeOf({}, 'ViTTokenizer')).toThrow(unsupported('Image processor ViTTokenizer'));
    expect(() => recipeOf({}, 'toStringImageProcessor')).toThrow(unsupported('toStringImageProcessor'));
  });

  it('counts as left out where it is null', () => {
    const nothing = { do_resize: null, size: null, resample: null, image_mean: null, do_pad: null, crop_size: null };
    expect(recipeOf(nothing, 'CLIPImageProcessor')).toEqual(recipeOf({}, 'CLIPImageProcessor'));
  });

  it.each([
    ['ViTImageProcessor', 48, { kind: 'exact', extent: [48, 48] }],
    ['ViTImageProcessor', { height: 48, width: 32 }, { kind: 'exact', extent: [48, 32] }],
    ['CLIPImageProcessor', 48, { kind: 'shortest', edge: 48 }],
    ['CLIPImageProcessor', { shortest_edge: 48 }, { kind: 'shortest', edge: 48 }],
    ['CLIPImageProcessor', { height: 48, width: 32 }, { kind: 'exact', extent: [48, 32] }],
    ['DetrImageProcessor', 48, { kind: 'shortest', edge: 48, longest: 1333 }],
    ['DetrImageProcessor', { shortest_edge: 48, longest_edge: 64 }, { kind: 'shortest', edge: 48, longest: 64 }],
  ])('has sizes of several forms: %s, %j', (type, size, rule) => {
    expect(recipeOf({ size }, type).resize?.size).toEqual(rule);
  });

  it('has the longest edge apart where the size is one number', () => {
    const recipe = recipeOf({ size: 480, max_size: 640 }, 'DetrFeatureExtractor');
    expect(recipe.resize?.size).toEqual({ kind: 'shortest', edge: 480, longest: 640 });
  });

  it('switches each step on or off', () => {
    const recipe = recipeOf({ do_resize: false, do_center_crop: false }, 'CLIPImageProcessor');
    expect([recipe.resize, recipe.crop]).toEqual([undefined, undefined]);
    expect(recipeOf({ do_center_crop: true, crop_size: 32 }).crop).toEqual([32, 32]);
    expect(recipeOf({ do_pad: false }, 'DetrImageProcessor')).toMatchObject({ padding: 'none', hasMask: true });
    const levelsOf = (fields: object) => recipeOf(fields).levels;
    expect(levelsOf({ do_normalize: false, do_rescale: false })[LEVELS + 200]).toBe(200);
    expect(levelsOf({ do_normalize: false })[LEVELS + 200]).toBe(Math.fround(200 / 255));
    expect(levelsOf({ do_normalize: false, rescale_factor: 0.5 })[LEVELS + 200]).toBe(100);
    const normal = { image_mean: [1, 2, 3], image_std: [4, 5, 8] };
    expect(levelsOf({ do_rescale: false, ...normal })[2 * LEVELS + 200]).toBe(Math.fround(197 / 8));
  });

  it.each([
    [{ size: { height: 32 } }, 'size has no height and width'],
    [{ size: {} }, 'size has no height and width'],
    [{ size: { height: 32, width: 32, shortest_edge: 32 } }, 'size has a height or width, and an edge'],
    [{ size: { shortest_edge: 32, longest_edge: 31 } }, 'size has a longest edge below the shortest'],
    [{ size: { height: 0, width: 32 } }, 'not valid at size'],
    [{ size: 5000 }, 'not valid at size'],
    [{ size: 'large' }, 'not valid at size'],
    [{ do_center_crop: true }, 'does not say to which size'],
    [{ do_center_crop: true, crop_size: { shortest_edge: 8 } }, 'crop_size has no height and width'],
    [{ image_mean: [0.5] }, 'not valid at image_mean'],
    [{ image_std: [0.5, 0, 0.5] }, 'not valid at image_std'],
    [{ rescale_factor: 0 }, 'not valid at rescale_factor'],
    [{ do_resize: 'yes' }, 'not valid at do_resize'],
  ])('is refused where it is wrong or contradicts itself: %j', (fields, reason) => {
    expect(() => recipeOf(fields)).toThrow(corrupt(reason));
  });

  it.each([
    [{ resample: 9 }, 'Resampling 9; known are 0 to 5'],
    [{ size: { longest_edge: 32 } }, 'the longest edge alone'],
    [{ do_pad: true }, 'filled up before they are resized'],
  ])('is refused where it is not known: %j', (fields, reason) => {
    expect(() => recipeOf(fields)).toThrow(unsupported(reason));
  });

  it('is refused where it is no object', () => {
    for (const json of [null, 3, 'ViT', []]) {
      expect(() => parseImageRecipe(json)).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
    }
  });
});
