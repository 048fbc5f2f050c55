import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { floatsOf, type GoldenCase, largestDifference, openGolden } from '../../test/support/golden.ts';
import { expectOutputs, type Results, relativeError, runInputs } from '../../test/support/graph-runs.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { halfBound, roundedWeights, roundingBound } from '../../test/support/rounded-weights.ts';
import { emitClapAudio, emitClapText } from './clap.ts';
import { storageOf } from './graph.ts';

const model = await openGolden('clap');
const { config, table, reader, forward, floats } = model;

const caseNamed = (name: string): GoldenCase => {
  const found = forward.find((one) => one.name === name);
  if (!found) throw new Error(`There is no case ${name}.`);
  return found;
};

/** Products of every row of `a` and every row of `b`, times a factor. */
function logitsOf(a: Float32Array, b: Float32Array, factor = 0): number[] {
  const width = config.projection_dim;
  const rows = (values: Float32Array) =>
    Array.from({ length: values.length / width }, (_, i) => values.subarray(i * width, (i + 1) * width));
  return rows(a).flatMap((left) =>
    rows(b).map((right) => factor * left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0)),
  );
}

describe('CLAP on another implementation of the operators', () => {
  let text: InferenceSession;
  let audio: InferenceSession;
  beforeAll(async () => {
    text = await openNodeSession(emitClapText(config, table, storageOf('fp32')), reader);
    audio = await openNodeSession(emitClapAudio(config, table, storageOf('fp32')), reader);
  });

  it.each(['single', 'batch_padded', 'noise'])('computes the reference embeddings and logits: %s', async (name) => {
    const { inputs, outputs } = caseNamed(name);
    const texts = await runInputs(model, text, inputs);
    const sounds = await runInputs(model, audio, inputs);
    expect(await expectOutputs(model, outputs, texts)).toEqual(['text_embeds']);
    expect(await expectOutputs(model, outputs, sounds)).toEqual(['audio_embeds']);
    const { logits_per_audio: perAudio, logits_per_text: perText } = outputs;
    if (!perAudio || !perText) throw new Error('The case has no logits.');
    const [a, b] = [floatsOf(sounds.audio_embeds), floatsOf(texts.text_embeds)];
    const ofAudio = logitsOf(a, b, floatsOf(sounds.logit_scale)[0]);
    expect(largestDifference(ofAudio, await floats(perAudio))).toBeLessThan(perAudio.atol ?? 0);
    const ofText = logitsOf(b, a, floatsOf(texts.logit_scale)[0]);
    expect(largestDifference(ofText, await floats(perText))).toBeLessThan(perText.atol ?? 0);
  });

  it('computes the reference states of the sound tower', async () => {
    const { inputs, outputs } = caseNamed('audio_tower');
    const results = await runInputs(model, audio, inputs);
    const named: Results = Object.fromEntries(
      Object.entries(results).map(([name, value]): [string, Tensor] => [`audio_${name}`, value]),
    );
    const compared = await expectOutputs(model, outputs, named);
    expect(compared.sort()).toEqual(['audio_last_hidden_state', 'audio_pooler_output']);
  });

  it.each([
    ['text', 'text_embeds', 'q8', 8],
    ['text', 'text_embeds', 'q4', 4],
    ['audio', 'audio_embeds', 'q8', 8],
    ['audio', 'audio_embeds', 'q4', 4],
  ] as const)(
    'computes with rounded weights what they stand for: %s, %s, %s',
    async (tower, output, precision, bits) => {
      const emit = tower === 'text' ? emitClapText : emitClapAudio;
      const { inputs, outputs } = caseNamed('batch_padded');
      const expected = outputs[output];
      if (!expected) throw new Error('The case has no embeddings.');
      const graph = emit(config, table, storageOf(precision));
      const results = await runInputs(model, await openNodeSession(graph, reader), inputs);
      const float = emit(config, table, storageOf('fp32'));
      const restored = await openNodeSession(float, roundedWeights(model, graph, bits));
      const same = await runInputs(model, restored, inputs);
      const difference = largestDifference(floatsOf(results[output]), floatsOf(same[output]));
      expect(difference).toBeLessThan(expected.atol ?? 0);
      const error = relativeError(floatsOf(results[output]), await floats(expected));
      // Four products a layer or block and one after them; sounds have four blocks and a merge in between.
      expect(error).toBeLessThan(roundingBound(bits, tower === 'text' ? 9 : 18));
      expect(error).toBeGreaterThan(roundingBound(bits, 1) / 10);
    },
  );

  it.each([
    ['text_embeds', emitClapText, 11],
    ['audio_embeds', emitClapAudio, 20],
  ] as const)('computes in half precision, with inputs and outputs as before: %s', async (output, emit, products) => {
    const { inputs, outputs } = caseNamed('batch_padded');
    const expected = outputs[output];
    if (!expected) throw new Error('The case has no embeddings.');
    const session = await openNodeSession(emit(config, table, storageOf('fp16')), reader);
    const results = await runInputs(model, session, inputs);
    const error = relativeError(floatsOf(results[output]), await floats(expected));
    expect(error).toBeLessThan(halfBound(products));
    expect(error).toBeGreaterThan(0);
  });
});

it('puts each layer of texts and each stage of sounds into a part of its own', () => {
  const parts = (graph: { parts: readonly { name: string }[] }) => graph.parts.map(({ name }) => name);
  expect(parts(emitClapText(config, table, storageOf('q4')))).toEqual(['embedding', 'layer.0', 'layer.1', 'head']);
  expect(parts(emitClapAudio(config, table, storageOf('q4')))).toEqual([
    'audio.embedding',
    'audio.stage.0',
    'audio.stage.1',
    'audio.head',
  ]);
});

describe('a config that cannot be', () => {
  it.each([
    [{ text_config: { hidden_size: 47 } }, 'model-corrupt'],
    [{ text_config: { vocab_size: 512 } }, 'model-corrupt'],
    [{ projection_dim: 16 }, 'model-corrupt'],
    [{ text_config: { hidden_act: 'mystery' } }, 'model-unsupported'],
    [{ text_config: { position_embedding_type: 'relative_key' } }, 'model-unsupported'],
    [{ projection_hidden_act: 'mystery' }, 'model-unsupported'],
  ])('of texts: %j is refused with %s', (change, code) => {
    const text_config = { ...config.text_config, ...('text_config' in change && change.text_config) };
    const json = { ...config, ...change, text_config };
    expect(() => emitClapText(json, table, storageOf('fp32'))).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    [{ depths: [2, 2, 2] }, 'model-corrupt'],
    [{ depths: [], num_attention_heads: [] }, 'model-corrupt'],
    [{ depths: [2, 3] }, 'model-corrupt'],
    [{ num_attention_heads: [3, 4] }, 'model-corrupt'],
    [{ hidden_size: 64 }, 'model-corrupt'],
    [{ num_mel_bins: 32 }, 'model-corrupt'],
    [{ mlp_ratio: 4 }, 'model-corrupt'],
    [{ window_size: 'small' }, 'model-corrupt'],
    [{ window_size: 2 }, 'model-corrupt'],
    [{ window_size: 6 }, 'model-unsupported'],
    [{ num_mel_bins: 24 }, 'model-unsupported'],
    [{ spec_size: 62 }, 'model-unsupported'],
    [{ enable_fusion: true }, 'model-unsupported'],
    [{ patch_embed_input_channels: 2 }, 'model-unsupported'],
    [{ flatten_patch_embeds: false }, 'model-unsupported'],
    [{ patch_stride: [4, 2] }, 'model-unsupported'],
    [{ hidden_act: 'mystery' }, 'model-unsupported'],
  ])('of sounds: %j is refused with %s', (change, code) => {
    const json = { ...config, audio_config: { ...config.audio_config, ...change } };
    expect(() => emitClapAudio(json, table, storageOf('fp32'))).toThrow(expect.objectContaining({ code }));
  });
});
