import type { InferenceSession } from 'onnxruntime-node';
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
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { emitClipText, emitClipVision } from './clip.ts';
import { storageOf } from './graph.ts';

const { config, table, reader, forward, caseOf, feed, floats, ids, difference } = await openGolden('clip');

const openText = (json: unknown = config) => openNodeSession(emitClipText(json, table, storageOf('fp32')), reader);
const openVision = () => openNodeSession(emitClipVision(config, table, storageOf('fp32')), reader);

const runText = async (session: InferenceSession, { inputs }: GoldenCase) =>
  runGraph(session, { input_ids: await feed(inputs.input_ids), attention_mask: await feed(inputs.attention_mask) });
const runVision = async (session: InferenceSession, { inputs }: GoldenCase) =>
  runGraph(session, { pixel_values: await feed(inputs.pixel_values) });

const rowsOf = (values: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: values.length / width }, (_, i) => values.subarray(i * width, (i + 1) * width));

/** Products of every row of `a` and every row of `b`, times a factor. */
function logitsOf(a: Float32Array, b: Float32Array, factor: number, width = 32): number[] {
  const product = (left: Float32Array, right: Float32Array) =>
    left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
  return rowsOf(a, width).flatMap((left) => rowsOf(b, width).map((right) => factor * product(left, right)));
}

/** Tower and output that hold what the whole model calls `name`: `text_model.last_hidden_state`, `image_embeds`. */
function placeOf(name: string): ['text' | 'vision', string] {
  const [tower, output] = name.includes('.') ? name.split('_model.') : [name.split('_')[0], name];
  return [tower === 'text' ? 'text' : 'vision', output ?? name];
}

describe('CLIP on another implementation of the operators', () => {
  let text: InferenceSession;
  let vision: InferenceSession;
  beforeAll(async () => {
    [text, vision] = [await openText(), await openVision()];
  });

  it.each(forward)('computes the reference embeddings and states: $name', async (golden) => {
    const results = { text: await runText(text, golden), vision: await runVision(vision, golden) };
    const mask = await ids(golden.inputs.attention_mask);
    const outputs = Object.entries(golden.outputs).filter(([name]) => !name.startsWith('logits'));
    for (const [name, expected] of outputs) {
      const [tower, output] = placeOf(name);
      const error = await difference(results[tower][output], expected, mask);
      expect(error, name).toBeLessThan(expected.atol ?? 0);
    }
  });

  it.each(forward.slice(0, 3))('gives embeddings whose products are the reference logits: $name', async (golden) => {
    const { logits_per_image: perImage, logits_per_text: perText } = golden.outputs;
    const result = await runText(text, golden);
    const [texts, scale] = [floatsOf(result.text_embeds), floatsOf(result.logit_scale)];
    const images = floatsOf((await runVision(vision, golden)).image_embeds);
    const factor = scale[0] ?? 0;
    const errors = [
      largestDifference(logitsOf(images, texts, factor), await floats(perImage)),
      largestDifference(logitsOf(texts, images, factor), await floats(perText)),
    ];
    expect(Math.max(...errors)).toBeLessThan(perImage?.atol ?? 0);
  });

  it('computes a text alone as it does in a batch', async () => {
    const golden = caseOf('batch_padded');
    const all = rowsOf(floatsOf((await runText(text, golden)).text_embeds), 32);
    const [tokens, mask] = [await feed(golden.inputs.input_ids), await feed(golden.inputs.attention_mask)];
    for (const [item, expected] of all.entries()) {
      const alone = await runGraph(text, { input_ids: itemOf(tokens, item), attention_mask: itemOf(mask, item) });
      expect(largestDifference(floatsOf(alone.text_embeds), expected)).toBeLessThan(1e-5);
    }
  });
});

describe('the token at which a text is pooled', () => {
  const golden = caseOf('batch_padded');
  const embedsWith = async (eos_token_id: number) => {
    const session = await openText({ ...config, text_config: { ...config.text_config, eos_token_id } });
    return floatsOf((await runText(session, golden)).text_embeds);
  };

  it('is the highest one, where the config says 2, and is the first of those that the config names', async () => {
    // The reference texts end at, and are padded with, their highest token: naming it must change nothing.
    const highest = Math.max(...(await ids(golden.inputs.input_ids)));
    expect(await embedsWith(highest)).toEqual(await embedsWith(2));
  });

  it('is another one, where the config names that', async () => {
    const [, second = 0] = await ids(golden.inputs.input_ids);
    const [other] = rowsOf(await embedsWith(second), 32);
    const [usual] = rowsOf(await embedsWith(2), 32);
    expect(largestDifference(other ?? [], usual ?? [])).toBeGreaterThan(0.01);
  });
});

describe('CLIP with its weights stored in fewer bits', () => {
  const golden = caseOf('batch_padded');
  // Four products a layer in two layers; the projection is kept as it is.
  const model = { table, reader, products: 8 };
  itStaysClose('a text', {
    ...model,
    emit: (storage) => emitClipText(config, table, storage),
    run: async (session) => floatsOf((await runText(session, golden)).text_features),
  });
  itStaysClose('an image', {
    ...model,
    emit: (storage) => emitClipVision(config, table, storage),
    run: async (session) => floatsOf((await runVision(session, golden)).image_features),
  });
});

describe('a config that cannot be', () => {
  const withText = (change: object) => ({ ...config, text_config: { ...config.text_config, ...change } });
  const withVision = (change: object) => ({ ...config, vision_config: { ...config.vision_config, ...change } });
  it.each([
    [withText({ hidden_size: 'wide' }), 'model-corrupt'],
    [withText({ num_attention_heads: 5 }), 'model-corrupt'],
    [withText({ vocab_size: 801 }), 'model-corrupt'],
    [withText({ num_hidden_layers: 3 }), 'model-corrupt'],
    [withText({ hidden_act: 'mystery' }), 'model-unsupported'],
    [{ ...config, projection_dim: 33 }, 'model-corrupt'],
    // Without a config of its own, the tower has the sizes of CLIP ViT-B/32.
    [{ ...config, text_config: null }, 'model-corrupt'],
    [null, 'model-corrupt'],
  ])('of texts is refused: %#', (json, code) => {
    expect(() => emitClipText(json, table, storageOf('fp32'))).toThrow(expect.objectContaining({ code }));
  });
  it.each([
    [withVision({ patch_size: 64 }), 'model-corrupt'],
    [withVision({ patch_size: 16 }), 'model-corrupt'],
    [withVision({ num_attention_heads: 5 }), 'model-corrupt'],
    [withVision({ hidden_act: 'mystery' }), 'model-unsupported'],
    [{ ...config, projection_dim: 33 }, 'model-corrupt'],
    [{ ...config, vision_config: [] }, 'model-corrupt'],
  ])('of images is refused: %#', (json, code) => {
    expect(() => emitClipVision(json, table, storageOf('fp32'))).toThrow(expect.objectContaining({ code }));
  });

  it('is read from the second copy that old files have of it', () => {
    const { text_config, ...others } = config;
    const old = { ...others, text_config: { hidden_size: 1 }, text_config_dict: text_config };
    expect(emitClipText(old, table, storageOf('fp32')).parts.map(({ name }) => name)).toEqual([
      'text.embedding',
      'text.layer.0',
      'text.layer.1',
      'text.head',
    ]);
  });
});
