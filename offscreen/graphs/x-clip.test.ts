import type { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
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
import { storageOf } from './graph.ts';
import { emitXClipPrompts, emitXClipText, emitXClipVideo } from './x-clip.ts';

const { config, table, reader, forward, caseOf, feed, difference } = await openGolden('x_clip');

const [textSession, videoSession, promptSession] = await Promise.all(
  [emitXClipText, emitXClipVideo, emitXClipPrompts].map((emit) =>
    openNodeSession(emit(config, table, storageOf('fp32')), reader),
  ),
);
if (!textSession || !videoSession || !promptSession) throw new Error('There are three graphs.');
const sessions = { text: textSession, video: videoSession, prompts: promptSession };

type Inputs = GoldenCase['inputs'];

const runText = async (session: InferenceSession, { input_ids, attention_mask }: Inputs) =>
  runGraph(session, { input_ids: await feed(input_ids), attention_mask: await feed(attention_mask) });
const runVideo = async (session: InferenceSession, { pixel_values }: Inputs) =>
  runGraph(session, { pixel_values: await feed(pixel_values) });

describe('X-CLIP on another implementation of the operators', () => {
  it.each(forward)('computes the reference embeddings and logits: $name', async ({ inputs, outputs }) => {
    const apart = { ...(await runText(sessions.text, inputs)), ...(await runVideo(sessions.video, inputs)) };
    const results = { ...apart, ...(await runGraph(sessions.prompts, apart)) };
    expect(Object.keys(outputs)).toHaveLength(4);
    for (const [name, expected] of Object.entries(outputs)) {
      expect(await difference(results[name], expected), name).toBeLessThan(expected.atol ?? 0);
    }
  });

  it('computes a video alone as it does in a batch: frames of others are not heard', async () => {
    const pixels = await feed(caseOf('batch_of_videos').inputs.pixel_values);
    const both = floatsOf((await runGraph(sessions.video, { pixel_values: pixels })).video_embeds);
    for (const item of [0, 1]) {
      const alone = await runGraph(sessions.video, { pixel_values: itemOf(pixels, item) });
      const expected = both.subarray(item * 32, (item + 1) * 32);
      expect(largestDifference(floatsOf(alone.video_embeds), expected)).toBeLessThan(1e-5);
    }
  });

  it('keeps the weights of each layer in a part of its own', () => {
    const { parts } = emitXClipVideo(config, table, storageOf('fp32'));
    expect(parts.map(({ name }) => name)).toEqual([
      'video.embedding',
      'video.layer.0',
      'video.layer.1',
      'video.frames',
    ]);
  });
});

const alpha = await reader.rows('prompts_generator.alpha', 0, 32);

describe('X-CLIP with its weights stored in fewer bits', () => {
  const { inputs } = caseOf('batch_of_videos');
  itStaysClose('a text', {
    table,
    reader,
    emit: (storage) => emitXClipText(config, table, storage),
    run: async (session) => floatsOf((await runText(session, inputs)).text_features),
    // Four a layer in two layers; the projection is kept as it is.
    products: 8,
  });
  itStaysClose('a video', {
    table,
    reader,
    emit: (storage) => emitXClipVideo(config, table, storage),
    run: async (session) => floatsOf((await runVideo(session, inputs)).video_embeds),
    // Seven a layer (three of them of messages) in two layers, and four in the one over frames.
    products: 18,
  });
  itStaysClose('what a video adds to a text', {
    table,
    reader,
    emit: (storage) => emitXClipPrompts(config, table, storage),
    run: async (session) => {
      const feeds = { ...(await runText(sessions.text, inputs)), ...(await runVideo(sessions.video, inputs)) };
      return floatsOf((await runGraph(session, feeds)).text_embeds);
    },
    // Four a layer in two layers; a share of what they find is added to a text.
    products: 8,
    share: Math.hypot(...alpha) / Math.sqrt(alpha.length),
  });
});

describe('a config that cannot be', () => {
  const withVision = (change: object) => ({ ...config, vision_config: { ...config.vision_config, ...change } });
  const withText = (change: object) => ({ ...config, text_config: { ...config.text_config, ...change } });
  const emitters = { text: emitXClipText, video: emitXClipVideo, prompts: emitXClipPrompts };
  it.each([
    ['text', withText({ hidden_size: 0 }), 'model-corrupt'],
    ['text', withText({ num_attention_heads: 5 }), 'model-corrupt'],
    ['text', withText({ max_position_embeddings: 33 }), 'model-corrupt'],
    ['video', withVision({ num_frames: 7 }), 'model-corrupt'],
    ['video', withVision({ mit_hidden_size: 48 }), 'model-corrupt'],
    ['video', withVision({ mit_num_hidden_layers: 2 }), 'model-corrupt'],
    ['video', withVision({ mit_num_attention_heads: 5 }), 'model-corrupt'],
    ['video', withVision({ hidden_act: 'mystery' }), 'model-unsupported'],
    ['prompts', { ...config, prompt_hidden_act: 'mystery' }, 'model-unsupported'],
    ['prompts', { ...config, prompt_num_attention_heads: 5 }, 'model-corrupt'],
    ['prompts', { ...config, prompt_layers: 3 }, 'model-corrupt'],
    ['prompts', { ...config, projection_dim: 64 }, 'model-corrupt'],
  ] as const)('of %s is refused: %#', (graph, json, code) => {
    expect(() => emitters[graph](json, table, storageOf('fp32'))).toThrow(expect.objectContaining({ code }));
  });
});
