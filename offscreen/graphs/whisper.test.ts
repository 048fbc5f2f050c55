import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Precision } from '../../src/protocol/hardware-names.ts';
import { changedParams } from '../../test/support/changed-params.ts';
import {
  floatsOf,
  type GoldenCase,
  type GoldenTensor,
  largestDifference,
  openGolden,
} from '../../test/support/golden.ts';
import { relativeError, runInputs } from '../../test/support/graph-runs.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { halfBound, roundedWeights, roundingBound } from '../../test/support/rounded-weights.ts';
import { type DecoderSessions, lastRows, likeliest, startDecoding } from '../../test/support/seq2seq.ts';
import type { ParamReader } from '../checkpoint/checkpoint.ts';
import { storageOf } from './graph.ts';
import { emitWhisperCross, emitWhisperDecoder, emitWhisperEncoder } from './whisper.ts';

const model = await openGolden('whisper');
const { config, table, reader, forward, golden, ids, floats, difference } = model;

interface Sessions extends DecoderSessions {
  readonly encoder: InferenceSession;
}

const graphsOf = (precision: Precision, json: object = config, params = table) => ({
  encoder: emitWhisperEncoder(json, params, storageOf(precision)),
  cross: emitWhisperCross(json, params, storageOf(precision)),
  decoder: emitWhisperDecoder(json, params, storageOf(precision)),
});

type Graphs = ReturnType<typeof graphsOf>;
async function open(graphs: Graphs, from: (part: keyof Graphs) => ParamReader = () => reader): Promise<Sessions> {
  const session = (part: keyof Graphs) => openNodeSession(graphs[part], from(part));
  return {
    encoder: await session('encoder'),
    cross: await session('cross'),
    decoder: await session('decoder'),
    shape: graphs.decoder.shape,
  };
}

type Inputs = Readonly<Record<string, GoldenTensor>>;

async function encode(sessions: Sessions, inputs: Inputs) {
  const { last_hidden_state } = await runInputs(model, sessions.encoder, inputs);
  if (!last_hidden_state) throw new Error('The encoder gave nothing.');
  return { states: last_hidden_state, decoding: await startDecoding(sessions, last_hidden_state) };
}

/** Encodes the recordings of a case and decodes its tokens, `width` at a time. */
async function runCase(sessions: Sessions, { inputs }: GoldenCase, width = Number.POSITIVE_INFINITY) {
  const { decoder_input_ids } = inputs;
  if (!decoder_input_ids) throw new Error('A case without tokens.');
  const { states, decoding } = await encode(sessions, inputs);
  const [batch = 1, length = 1] = decoder_input_ids.shape;
  const tokens = await ids(decoder_input_ids);
  const rows = Array.from({ length: batch }, (_, i) => tokens.slice(i * length, (i + 1) * length));
  const logits: number[] = [];
  for (let at = 0; at < length; at += width) {
    logits.push(...(await decoding.step(rows.map((row) => row.slice(at, at + width)))));
  }
  return { states, logits: new Tensor('float32', Float32Array.from(logits), [batch, length, config.vocab_size]) };
}

describe('Whisper on another implementation of the operators', () => {
  let sessions: Sessions;
  beforeAll(async () => {
    sessions = await open(graphsOf('fp32'));
  });

  it('describes what its decoder is', () => {
    expect(sessions.shape).toEqual({
      layers: 2,
      hidden: 48,
      keyValueHeads: 4,
      headSize: 16,
      vocabularySize: 1953,
      contextTokens: 96,
      encoder: { states: 1500, hidden: 48, headSize: 12, masked: false },
    });
  });

  it.each(forward)('computes the reference outputs: $name', async ({ name, inputs, outputs }) => {
    const { logits, states } = await runCase(sessions, { name, inputs, outputs });
    const { encoder_last_hidden_state: hidden, logits: expected } = outputs;
    if (!expected || !hidden) throw new Error('The case has no logits.');
    expect(await difference(logits, expected)).toBeLessThan(expected.atol ?? 0);
    expect(await difference(states, hidden)).toBeLessThan(hidden.atol ?? 0);
  });

  it('computes the same token by token', async () => {
    const [one] = forward;
    if (!one?.outputs.logits) throw new Error('There is no case.');
    const { logits } = await runCase(sessions, one, 1);
    expect(await difference(logits, one.outputs.logits)).toBeLessThan(one.outputs.logits.atol ?? 0);
  });

  it('gives the reference greedy tokens', async () => {
    expect(golden.generation).toHaveLength(4);
    for (const { inputs, decoder_prompt_ids, new_ids } of golden.generation) {
      const { decoding } = await encode(sessions, inputs);
      const tokens: number[] = [];
      let next: number[] = decoder_prompt_ids;
      while (tokens.length < new_ids.length) {
        const [row = new Float32Array()] = lastRows(await decoding.step([next]), 1, config.vocab_size);
        const hushed = [...config.suppress_tokens, ...(tokens.length === 0 ? config.begin_suppress_tokens : [])];
        for (const token of hushed) row[token] = Number.NEGATIVE_INFINITY;
        next = [likeliest(row)];
        tokens.push(...next);
      }
      expect(tokens).toEqual(new_ids);
    }
  });

  it.each([
    ['q8', 8],
    ['q4', 4],
  ] as const)('computes with rounded weights what they stand for: %s', async (precision, bits) => {
    const graphs = graphsOf(precision);
    const [one] = forward;
    if (!one?.outputs.logits) throw new Error('There is no case.');
    const { logits: expected } = one.outputs;
    const { logits } = await runCase(await open(graphs), one);
    const restored = await open(graphsOf('fp32'), (part) => roundedWeights(model, graphs[part], bits));
    const { logits: same } = await runCase(restored, one);
    expect(largestDifference(floatsOf(logits), floatsOf(same))).toBeLessThan(expected.atol ?? 0);
    const error = relativeError(floatsOf(logits), await floats(expected));
    // Four products in each of two layers of the encoder, six in each of the decoder's.
    expect(error).toBeLessThan(roundingBound(bits, 20));
    expect(error).toBeGreaterThan(roundingBound(bits, 1) / 10);
  });

  it('computes in half precision, caches included', async () => {
    const [one] = forward;
    if (!one?.outputs.logits) throw new Error('The case has no logits.');
    const { logits } = await runCase(await open(graphsOf('fp16')), one);
    const error = relativeError(floatsOf(logits), await floats(one.outputs.logits));
    expect(error).toBeLessThan(halfBound(20));
    expect(error).toBeGreaterThan(0);
  });
});

describe('checkpoints of other kinds', () => {
  it('may have an output layer of their own, and no prefix', async () => {
    const [one] = forward;
    if (!one?.outputs.logits) throw new Error('There is no case.');
    const values = await reader.rows('model.decoder.embed_tokens.weight', 0, config.vocab_size);
    const made = { 'proj_out.weight': { shape: [config.vocab_size, 48], values } };
    const other = changedParams(model, made, (name) => name.replace(/^model\./, ''));
    const graphs = graphsOf('fp32', { ...config, tie_word_embeddings: false }, other.table);
    const { logits } = await runCase(await open(graphs, () => other.reader), one);
    expect(await difference(logits, one.outputs.logits)).toBeLessThan(one.outputs.logits.atol ?? 0);
  });
});

it('puts each layer into a part of its own', () => {
  const { encoder, cross, decoder } = graphsOf('q4');
  expect(encoder.parts.map(({ name }) => name)).toEqual(['embedding', 'layer.0', 'layer.1', 'head']);
  expect(cross.parts.map(({ name }) => name)).toEqual(['layer.0', 'layer.1']);
  expect(decoder.parts.map(({ name }) => name)).toEqual(['embedding', 'layer.0', 'layer.1', 'head']);
});

describe('a config that cannot be', () => {
  it.each([
    [{ d_model: undefined }, 'model-corrupt'],
    [{ encoder_attention_heads: 5 }, 'model-corrupt'],
    [{ decoder_attention_heads: 5 }, 'model-corrupt'],
    [{ num_mel_bins: 128 }, 'model-corrupt'],
    [{ max_source_positions: 1501 }, 'model-corrupt'],
    [{ max_target_positions: 448 }, 'model-corrupt'],
    [{ vocab_size: 1954 }, 'model-corrupt'],
    [{ decoder_layers: 3 }, 'model-corrupt'],
    [{ tie_word_embeddings: false }, 'model-corrupt'],
    [{ activation_function: 'mystery' }, 'model-unsupported'],
    [{ scale_embedding: true }, 'model-unsupported'],
  ])('%j is refused with %s', (change, code) => {
    expect(() => graphsOf('fp32', { ...config, ...change })).toThrow(expect.objectContaining({ code }));
  });
});
