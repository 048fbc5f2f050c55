import { beforeAll, describe, expect, it } from 'vitest';
import { itStaysClose, SPANS } from '../../test/support/deviation.ts';
import { floatsOf, type GoldenCase, largestDifference, openGolden, runGraph } from '../../test/support/golden.ts';
import { type Greedy, generate, type LlavaSessions, logitsOfPrompt } from '../../test/support/llava.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { storageOf } from './graph.ts';
import { emitLlavaDecoder, emitLlavaEmbedding, emitLlavaVision } from './llava.ts';

const { config, table, reader, golden, forward, caseOf, feed, floats, ids, difference } = await openGolden('llava');
const fp32 = storageOf('fp32');

const vision = await openNodeSession(emitLlavaVision(config, table, fp32), reader);

/** Features of all images, one after the other. */
async function featuresOf(inputs: GoldenCase['inputs']): Promise<Float32Array | undefined> {
  if (!inputs.pixel_values) return undefined;
  return floatsOf((await runGraph(vision, { pixel_values: await feed(inputs.pixel_values) })).image_features);
}

describe('LLaVA on another implementation of the operators', () => {
  let sessions: LlavaSessions;
  beforeAll(async () => {
    const graph = emitLlavaDecoder(config, table, fp32);
    sessions = {
      embedding: await openNodeSession(emitLlavaEmbedding(config, table, fp32), reader),
      decoder: await openNodeSession(graph, reader),
      shape: graph.shape,
      imageToken: config.image_token_index,
    };
  });

  it('computes the reference features of an image', async () => {
    const { inputs, outputs } = caseOf('image_features');
    const expected = outputs.image_features;
    if (!expected) throw new Error('The case has no features.');
    const { image_features } = await runGraph(vision, { pixel_values: await feed(inputs.pixel_values) });
    expect(await difference(image_features, expected)).toBeLessThan(expected.atol ?? 0);
  });

  it.each(forward.filter(({ outputs }) => outputs.logits))('computes the reference logits: $name', async (one) => {
    const { inputs, outputs } = one;
    const [batch = 1, length = 0, vocabulary = 0] = outputs.logits?.shape ?? [];
    const [tokens, mask] = [await ids(inputs.input_ids), await ids(inputs.attention_mask)];
    const [features, expected] = [await featuresOf(inputs), await floats(outputs.logits)];
    const share = (features?.length ?? 0) / batch;
    for (let item = 0; item < batch; item += 1) {
      // Padding is on the left; without it, every text is what it would be alone.
      const start = item * length + mask.slice(item * length).indexOf(1);
      const end = (item + 1) * length;
      const own = features?.subarray(item * share, (item + 1) * share);
      const logits = await logitsOfPrompt(sessions, tokens.slice(start, end), own);
      const wanted = expected.subarray(start * vocabulary, end * vocabulary);
      expect(largestDifference(logits, wanted)).toBeLessThan(outputs.logits?.atol ?? 0);
    }
  });

  it.each<Greedy>(golden.generation)(
    'gives the reference greedy tokens: $name',
    async ({ prompt_ids, inputs, new_ids }) => {
      const features = await featuresOf(inputs ?? {});
      expect(await generate(sessions, prompt_ids, features, new_ids.length)).toEqual(new_ids);
    },
  );

  it('takes the embeddings and the head from the same parameters as a whole decoder', () => {
    const { parts } = emitLlavaDecoder(config, table, fp32);
    expect(parts.map(({ name }) => name)).toEqual(['embedding', 'layer.0', 'layer.1', 'head']);
    const read = parts.flatMap(({ steps }) => steps.flatMap(({ recipe }) => recipe.reads));
    expect(read).not.toContain('language_model.model.embed_tokens.weight');
  });
});

describe('features of an image', () => {
  const shapeWith = async (change: object) => {
    const session = await openNodeSession(emitLlavaVision({ ...config, ...change }, table, fp32), reader);
    const { inputs } = caseOf('image_features');
    return runGraph(session, { pixel_values: await feed(inputs.pixel_values) });
  };

  it('are those of the layer that the config says, counted from either end', async () => {
    const [usual, counted, other] = [
      await shapeWith({}),
      await shapeWith({ vision_feature_layer: 2 }),
      await shapeWith({ vision_feature_layer: -1 }),
    ].map(({ image_features }) => floatsOf(image_features));
    expect(counted).toEqual(usual);
    expect(largestDifference(other ?? [], usual ?? [])).toBeGreaterThan(0.1);
  });

  it('have a class token before them, where the config wants all', async () => {
    const { image_features: all } = await shapeWith({ vision_feature_select_strategy: 'full' });
    const { image_features: usual } = await shapeWith({});
    expect(all?.dims).toEqual([1, 17, 64]);
    expect(largestDifference(floatsOf(all).subarray(64), floatsOf(usual))).toBeLessThan(1e-5);
  });

  it('are as wide as all layers together, where the config wants several', () => {
    // The projector of this checkpoint takes those of one.
    const several = { ...config, vision_feature_layer: [-2, -1] };
    expect(() => emitLlavaVision(several, table, fp32)).toThrow(
      expect.objectContaining({
        data: { reason: expect.stringContaining('linear_1.weight has shape [64,48], not [64,96]') },
      }),
    );
  });

  it('need no more layers of the tower than there are before them', () => {
    const { parts } = emitLlavaVision(config, table, fp32);
    const layers = ['vision.layer.0', 'vision.layer.1'];
    expect(parts.map(({ name }) => name)).toEqual(['vision.embedding', ...layers, 'projector']);
  });
});

/** The same parameters under the names of newer checkpoints. */
const renamed = new Map(
  table.names().map((name) => {
    const inner = name
      .replace(/^language_model\.model\./, 'model.language_model.')
      .replace(/^language_model\.lm/, 'lm');
    return [inner === name ? `model.${name}` : inner, name] as const;
  }),
);
const newer: ParamTable = { get: (name) => table.get(renamed.get(name) ?? ''), names: () => [...renamed.keys()] };

it('reads parameters under the names of newer checkpoints', () => {
  expect(newer.names()).toContain('model.vision_tower.vision_model.pre_layrnorm.weight');
  for (const emit of [emitLlavaVision, emitLlavaEmbedding, emitLlavaDecoder]) {
    const reads = (params: ParamTable) =>
      emit(config, params, fp32).parts.flatMap(({ steps }) => steps.flatMap(({ recipe }) => recipe.reads));
    expect(reads(newer).map((name) => renamed.get(name))).toEqual(reads(table));
  }
});

describe('LLaVA with its weights stored in fewer bits', () => {
  const { inputs } = caseOf('image_features');
  itStaysClose('an image', {
    table,
    reader,
    emit: (storage) => emitLlavaVision(config, table, storage),
    run: async (session) =>
      floatsOf((await runGraph(session, { pixel_values: await feed(inputs.pixel_values) })).image_features),
    // Four a layer in two layers, and two of the projector.
    products: 10,
  });
  const { shape } = emitLlavaDecoder(config, table, fp32);
  itStaysClose('a text', {
    table,
    reader,
    emit: (storage) => emitLlavaDecoder(config, table, storage),
    run: async (decoder) => {
      const imageToken = config.image_token_index;
      const embedding = await openNodeSession(emitLlavaEmbedding(config, table, fp32), reader);
      const tokens = await ids(caseOf('text_only').inputs.input_ids);
      return logitsOfPrompt({ embedding, decoder, shape, imageToken }, tokens);
    },
    // Five a layer in two layers, and the head.
    products: 11,
    span: SPANS[64],
  });
});

describe('a config that cannot be', () => {
  const withText = (change: object) => ({ text_config: { ...config.text_config, ...change } });
  const withVision = (change: object) => ({ vision_config: { ...config.vision_config, ...change } });
  const emitters = { vision: emitLlavaVision, embedding: emitLlavaEmbedding, decoder: emitLlavaDecoder };
  it.each([
    ['vision', withVision({ image_size: 64 }), 'model-corrupt'],
    ['vision', withVision({ num_attention_heads: 5 }), 'model-corrupt'],
    ['vision', withVision({ model_type: 'siglip_vision_model' }), 'model-unsupported'],
    ['vision', { vision_feature_layer: 4 }, 'model-corrupt'],
    ['vision', { vision_feature_layer: -5 }, 'model-corrupt'],
    ['vision', { vision_feature_layer: [] }, 'model-corrupt'],
    ['vision', { vision_feature_select_strategy: 'best' }, 'model-unsupported'],
    ['vision', { projector_hidden_act: 'mystery' }, 'model-unsupported'],
    ['vision', { vision_config: null }, 'model-corrupt'],
    ['embedding', withText({ vocab_size: 523 }), 'model-corrupt'],
    ['embedding', withText({ hidden_size: -1 }), 'model-corrupt'],
    ['embedding', { text_config: 'llama' }, 'model-corrupt'],
    ['decoder', withText({ model_type: 'gemma' }), 'model-unsupported'],
    ['decoder', withText({ model_type: 'qwen2' }), 'model-corrupt'],
    ['decoder', withText({ num_hidden_layers: 3 }), 'model-corrupt'],
    ['decoder', { text_config: null }, 'model-corrupt'],
  ] as const)('of %s is refused: %#', (graph, change, code) => {
    expect(() => emitters[graph]({ ...config, ...change }, table, fp32)).toThrow(expect.objectContaining({ code }));
  });
});
