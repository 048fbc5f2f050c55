import { describe, expect, it } from 'vitest';
import { openGolden } from '../../../test/support/golden.ts';
import { openPictures } from '../../../test/support/preprocessing.ts';
import { parseLlavaConfig } from '../../graphs/llava-config.ts';
import { extentOf, type Picture } from '../image/picture.ts';
import { expandPrompt } from './expand-prompt.ts';
import { imageTokenOf, llavaNextTokens, llavaTokens } from './image-tokens.ts';
import { planTiles } from './llava-next-tiles.ts';
import { parseTileRecipe } from './tile-recipe.ts';

interface Prompt {
  readonly name: string;
  readonly file?: string;
  readonly prompt_ids: number[];
  readonly prompt_ids_before_expansion?: number[];
}

describe.each(['llava', 'llava_next'])('a prompt of %s', async (name) => {
  const model = await openGolden(name);
  const { json, readPicture } = await openPictures(model);
  const config = parseLlavaConfig(model.config);
  const image = imageTokenOf(model.config);
  const tokensOf = (picture: Picture) => {
    if (name === 'llava') return llavaTokens(config);
    const { canvases, tile } = parseTileRecipe(json);
    return llavaNextTokens(config, extentOf(picture), planTiles(extentOf(picture), canvases, tile));
  };
  const prompts: Prompt[] = model.golden.generation;
  const withPicture = prompts.filter(({ file }) => file);
  const counts: { file: string; image_tokens: number }[] = model.golden.image_tokens;

  it.each(counts)('has as many tokens for a picture as the reference: $file', async ({ file, image_tokens }) => {
    expect(tokensOf(await readPicture(file))).toBe(image_tokens);
  });

  it.each(withPicture)('is expanded as the reference does: $name', async (prompt) => {
    const count = tokensOf(await readPicture(prompt.file ?? ''));
    expect(expandPrompt(prompt.prompt_ids_before_expansion ?? [], image, [count], 1024)).toEqual(prompt.prompt_ids);
  });

  it('without pictures stays as it is', () => {
    const text = prompts.find(({ file }) => !file);
    expect(expandPrompt(text?.prompt_ids ?? [], image, [], 1024)).toEqual(text?.prompt_ids);
  });
});

describe('a prompt', () => {
  it('has places for pictures in their order', () => {
    expect(expandPrompt([1, 9, 2, 9, 9, 3], 9, [2, 1, 3], 9)).toEqual([1, 9, 9, 2, 9, 9, 9, 9, 3]);
  });

  it.each([
    [[1, 2], [4], '0, not 1'],
    [[1, 9, 2], [], '1, not 0'],
    [[9, 9, 9], [4, 4], '3, not 2'],
  ])('has as many places as there are pictures: %j, %j', (ids, counts, rule) => {
    expect(() => expandPrompt(ids, 9, counts, 1024)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        data: { field: 'pictures' },
        message: expect.stringContaining(`be as many as the prompt has places for: ${rule}`),
      }),
    );
  });

  it('is refused before it is expanded where it would be longer than the model takes', () => {
    expect(() => expandPrompt([1, 9, 2, 9], 9, [4, 2 ** 48], 8)).toThrow(
      expect.objectContaining({ code: 'context-overflow', data: { requested: 2 ** 48 + 6, quota: 8 } }),
    );
    expect(expandPrompt([1, 9, 2, 9], 9, [4, 2], 8)).toHaveLength(8);
  });

  it('names pictures by the id that config.json has', () => {
    expect(imageTokenOf({ image_token_index: 7 })).toBe(7);
    expect(imageTokenOf({ image_token_id: 8 })).toBe(8);
    expect(imageTokenOf({})).toBe(32_000);
    expect(() => imageTokenOf({ image_token_index: -1 })).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
  });

  it('has a token more for a picture whose class token the model takes', () => {
    const config = parseLlavaConfig({ vision_feature_select_strategy: 'full' });
    expect(llavaTokens(config)).toBe(24 * 24 + 1);
    expect(llavaTokens(parseLlavaConfig({}))).toBe(24 * 24);
  });
});
