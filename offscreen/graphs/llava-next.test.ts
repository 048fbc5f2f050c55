import { Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { itStaysClose } from '../../test/support/deviation.ts';
import {
  floatsOf,
  type GoldenCase,
  itemOf,
  largestDifference,
  openGolden,
  runGraph,
} from '../../test/support/golden.ts';
import { type Greedy, generate, type LlavaSessions, logitsOfPrompt } from '../../test/support/llava.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { packFeatures, packOrder, planTiles } from '../processing/chat-image/llava-next-tiles.ts';
import { storageOf } from './graph.ts';
import { emitLlavaNextDecoder, emitLlavaNextEmbedding, emitLlavaNextVision, gridPinpoints } from './llava-next.ts';

const { config, table, reader, golden, forward, caseOf, feed, floats, ids, difference } =
  await openGolden('llava_next');
const fp32 = storageOf('fp32');
const { image_size: size, patch_size: patch } = config.vision_config;

const vision = await openNodeSession(emitLlavaNextVision(config, table, fp32), reader);

/** The first `count` tiles of one image of a batch; others only fill it up. */
async function tilesOf(pixels: Tensor, image: number, count: number): Promise<Tensor> {
  const { data, dims } = itemOf(pixels, image);
  const tile = dims.slice(2);
  const length = count * tile.reduce((product, dim) => product * dim, 1);
  return new Tensor('float32', (data as Float32Array).slice(0, length), [count, ...tile]);
}

/** Vectors of one image of a batch, as the language model takes them. */
async function featuresOf({ pixel_values, image_sizes }: GoldenCase['inputs'], image: number) {
  if (!pixel_values) return undefined;
  const [height = 0, width = 0] = (await ids(image_sizes)).slice(2 * image);
  const plan = planTiles([height, width], gridPinpoints(config), size);
  const result = await runGraph(vision, { pixel_values: await tilesOf(await feed(pixel_values), image, plan.tiles) });
  const order = packOrder([height, width], plan.grid, Math.floor(size / patch));
  return packFeatures(floatsOf(result.image_features), floatsOf(result.image_newline), order);
}

describe('LLaVA-NeXT on another implementation of the operators', () => {
  let sessions: LlavaSessions;
  beforeAll(async () => {
    const graph = emitLlavaNextDecoder(config, table, fp32);
    sessions = {
      embedding: await openNodeSession(emitLlavaNextEmbedding(config, table, fp32), reader),
      decoder: await openNodeSession(graph, reader),
      shape: graph.shape,
      imageToken: config.image_token_index,
    };
  });

  it('computes the reference features of tiles', async () => {
    const { inputs, outputs } = caseOf('image_features');
    const expected = outputs.image_features;
    if (!expected) throw new Error('The case has no features.');
    const pixel_values = await tilesOf(await feed(inputs.pixel_values), 0, 5);
    const { image_features } = await runGraph(vision, { pixel_values });
    expect(await difference(image_features, expected)).toBeLessThan(expected.atol ?? 0);
  });

  it.each(forward.filter(({ outputs }) => outputs.logits))('computes the reference logits: $name', async (one) => {
    const { inputs, outputs } = one;
    const [batch = 1, length = 0, vocabulary = 0] = outputs.logits?.shape ?? [];
    const [tokens, mask] = [await ids(inputs.input_ids), await ids(inputs.attention_mask)];
    const expected = await floats(outputs.logits);
    for (let item = 0; item < batch; item += 1) {
      // Padding is on the left; without it, every text is what it would be alone.
      const start = item * length + mask.slice(item * length).indexOf(1);
      const end = (item + 1) * length;
      const logits = await logitsOfPrompt(sessions, tokens.slice(start, end), await featuresOf(inputs, item));
      const wanted = expected.subarray(start * vocabulary, end * vocabulary);
      expect(largestDifference(logits, wanted)).toBeLessThan(outputs.logits?.atol ?? 0);
    }
  });

  it.each<Greedy>(golden.generation)(
    'gives the reference greedy tokens: $name',
    async ({ prompt_ids, inputs, new_ids }) => {
      const features = await featuresOf(inputs ?? {}, 0);
      expect(await generate(sessions, prompt_ids, features, new_ids.length)).toEqual(new_ids);
    },
  );
});

describe('LLaVA-NeXT with its weights stored in fewer bits', () => {
  const { inputs } = caseOf('image_features');
  itStaysClose('an image', {
    table,
    reader,
    emit: (storage) => emitLlavaNextVision(config, table, storage),
    run: async (session) => {
      const pixel_values = await tilesOf(await feed(inputs.pixel_values), 0, 5);
      return floatsOf((await runGraph(session, { pixel_values })).image_features);
    },
    // Four a layer in two layers, and two of the projector.
    products: 10,
  });
});

describe('a config that cannot be', () => {
  it.each([
    [{ vision_feature_select_strategy: 'full' }, 'model-unsupported'],
    [{ vision_feature_layer: 5 }, 'model-corrupt'],
    [{ text_config: { ...config.text_config, hidden_size: 128 } }, 'model-corrupt'],
  ])('is refused: %#', (change, code) => {
    expect(() => emitLlavaNextVision({ ...config, ...change }, table, fp32)).toThrow(expect.objectContaining({ code }));
  });

  it('is refused, where the row of a new line is missing', () => {
    const without = { ...table, get: (name: string) => (name === 'image_newline' ? undefined : table.get(name)) };
    expect(() => emitLlavaNextVision(config, without, fp32)).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });

  it.each([[[]], [[[32]]], [[[0, 32]]], ['all']])('has no canvases %j', (image_grid_pinpoints) => {
    expect(() => gridPinpoints({ image_grid_pinpoints })).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
  });
});
