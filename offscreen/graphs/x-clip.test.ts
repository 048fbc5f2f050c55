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
import { type Precision, storageOf } from './graph.ts';
import { emitXClipPrompts, emitXClipText, emitXClipVideo } from './x-clip.ts';

const { config, table, reader, forward, caseOf, feed, difference } = await openGolden('x_clip');

interface Sessions {
  readonly text: InferenceSession;
  readonly video: InferenceSession;
  readonly prompts: InferenceSession;
}

async function openAll(precision: Precision = 'fp32'): Promise<Sessions> {
  const [text, video, prompts] = [emitXClipText, emitXClipVideo, emitXClipPrompts].map((emit) =>
    openNodeSession(emit(config, table, storageOf(precision)), reader),
  );
  if (!text || !video || !prompts) throw new Error('There are three graphs.');
  return { text: await text, video: await video, prompts: await prompts };
}

/** Outputs of all three graphs, one after the other. */
async function runAll({ text, video, prompts }: Sessions, { inputs }: GoldenCase) {
  const texts = await runGraph(text, {
    input_ids: await feed(inputs.input_ids),
    attention_mask: await feed(inputs.attention_mask),
  });
  const videos = await runGraph(video, { pixel_values: await feed(inputs.pixel_values) });
  const { text_features } = texts;
  const { video_embeds, patch_features } = videos;
  if (!text_features || !video_embeds || !patch_features) throw new Error('Outputs are missing.');
  return { ...texts, ...videos, ...(await runGraph(prompts, { text_features, video_embeds, patch_features })) };
}

describe('X-CLIP on another implementation of the operators', () => {
  let sessions: Sessions;
  beforeAll(async () => {
    sessions = await openAll();
  });

  it.each(forward)('computes the reference embeddings and logits: $name', async (golden) => {
    const results: Awaited<ReturnType<typeof runGraph>> = await runAll(sessions, golden);
    expect(Object.keys(golden.outputs)).toHaveLength(4);
    for (const [name, expected] of Object.entries(golden.outputs)) {
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

describe('X-CLIP with its weights stored in fewer bits', () => {
  const golden = caseOf('batch_of_videos');
  const run = async (precision: Precision) => runAll(await openAll(precision), golden);
  // Seven products a layer (three of them of messages) in two layers, and four in the one over frames.
  itStaysClose('a video', async (precision) => floatsOf((await run(precision)).video_embeds), 18);
  // Four products a layer in two layers; what a video adds is a tenth of a text.
  itStaysClose('a prompted text', async (precision) => floatsOf((await run(precision)).text_embeds), 8);
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
