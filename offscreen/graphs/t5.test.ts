import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Precision } from '../../src/protocol/hardware-names.ts';
import { changedParams, filled, scattered } from '../../test/support/changed-params.ts';
import { floatsOf, type GoldenCase, largestDifference, openGolden } from '../../test/support/golden.ts';
import { relativeError } from '../../test/support/graph-runs.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { halfBound, roundedWeights, roundingBound } from '../../test/support/rounded-weights.ts';
import { type DecoderSessions, lastRows, likeliest, startDecoding } from '../../test/support/seq2seq.ts';
import type { ParamReader } from '../checkpoint/checkpoint.ts';
import { storageOf } from './graph.ts';
import { emitT5Cross, emitT5Decoder, emitT5Encoder } from './t5.ts';

const model = await openGolden('t5');
const { config, table, reader, forward, golden, ids, floats, difference } = model;

interface Sessions extends DecoderSessions {
  readonly encoder: InferenceSession;
}

const graphsOf = (precision: Precision, json: object = config, params = table) => ({
  encoder: emitT5Encoder(json, params, storageOf(precision)),
  cross: emitT5Cross(json, params, storageOf(precision)),
  decoder: emitT5Decoder(json, params, storageOf(precision)),
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

const caseNamed = (name: string): GoldenCase => {
  const found = forward.find((one) => one.name === name);
  if (!found) throw new Error(`There is no case ${name}.`);
  return found;
};

const int64 = (rows: readonly (readonly number[])[]) =>
  new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]?.length ?? 0]);

/** Encodes texts that are padded to one length. */
async function encode(sessions: Sessions, texts: Tensor, mask: Tensor) {
  const { last_hidden_state } = await sessions.encoder.run({ input_ids: texts, attention_mask: mask });
  if (!last_hidden_state) throw new Error('The encoder gave nothing.');
  return { states: last_hidden_state, decoding: await startDecoding(sessions, last_hidden_state, mask) };
}

/** Encodes the texts of a case and decodes its tokens, all at once. */
async function runCase(sessions: Sessions, { inputs }: GoldenCase) {
  const { input_ids, attention_mask, decoder_input_ids } = inputs;
  if (!input_ids || !attention_mask || !decoder_input_ids) throw new Error('A case without inputs.');
  const { states, decoding } = await encode(sessions, await model.feed(input_ids), await model.feed(attention_mask));
  const [batch = 1, length = 1] = decoder_input_ids.shape;
  const tokens = await ids(decoder_input_ids);
  const rows = Array.from({ length: batch }, (_, i) => tokens.slice(i * length, (i + 1) * length));
  const logits = new Tensor('float32', await decoding.step(rows), [batch, length, config.vocab_size]);
  return { states, logits, mask: await ids(attention_mask) };
}

/** Greedy tokens after `decoder_start_token_id`, one at a time. */
async function generate(sessions: Sessions, texts: number[][], masks: number[][], count: number) {
  const { decoding } = await encode(sessions, int64(texts), int64(masks));
  const generated: number[][] = texts.map(() => []);
  let next = texts.map(() => [config.decoder_start_token_id as number]);
  while ((generated[0]?.length ?? count) < count) {
    const rows = lastRows(await decoding.step(next), texts.length, config.vocab_size);
    next = rows.map((row) => [likeliest(row)]);
    for (const [i, tokens] of generated.entries()) tokens.push(...(next[i] ?? []));
  }
  return generated;
}

describe('T5 on another implementation of the operators', () => {
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
      vocabularySize: 429,
      contextTokens: 512,
      encoder: { states: 512, hidden: 48, headSize: 16, masked: true },
    });
  });

  it.each(['single', 'batch_padded', 'long_encoder'])('computes the reference outputs: %s', async (name) => {
    const { outputs, inputs } = caseNamed(name);
    const { logits, states, mask } = await runCase(sessions, { name, inputs, outputs });
    const { encoder_last_hidden_state: hidden, logits: expected } = outputs;
    if (!expected) throw new Error('The case has no logits.');
    expect(await difference(logits, expected)).toBeLessThan(expected.atol ?? 0);
    if (hidden) expect(await difference(states, hidden, mask)).toBeLessThan(hidden.atol ?? 0);
  });

  it.each([[[0, 104, 139, 236]], [[0], [104, 139], [236]]])('goes on after %j, and more in steps', async (...steps) => {
    const { inputs, outputs } = caseNamed('cached_step');
    const { input_ids, attention_mask } = caseNamed('single').inputs;
    if (!input_ids || !attention_mask || !inputs.decoder_input_ids || !outputs.logits) throw new Error('No inputs.');
    const { decoding } = await encode(sessions, await model.feed(input_ids), await model.feed(attention_mask));
    for (const tokens of steps) await decoding.step([tokens]);
    const logits = await decoding.step([await ids(inputs.decoder_input_ids)]);
    expect(largestDifference(logits, await floats(outputs.logits))).toBeLessThan(outputs.logits.atol ?? 0);
  });

  it('gives the reference greedy tokens', async () => {
    expect(golden.generation).toHaveLength(5);
    for (const { prompt_ids, new_ids, options } of golden.generation) {
      if (options.repetition_penalty) continue;
      const mask = prompt_ids.map(() => 1);
      expect(await generate(sessions, [prompt_ids], [mask], new_ids.length)).toEqual([new_ids]);
    }
  });

  it('gives the reference greedy tokens of a padded batch', async () => {
    const [{ input_ids, attention_mask, new_ids }] = golden.generation_batch;
    expect(await generate(sessions, input_ids, attention_mask, new_ids[0].length)).toEqual(new_ids);
  });

  it.each([
    ['q8', 8],
    ['q4', 4],
  ] as const)('computes with rounded weights what they stand for: %s', async (precision, bits) => {
    const graphs = graphsOf(precision);
    const one = caseNamed('batch_padded');
    const { logits: expected } = one.outputs;
    if (!expected) throw new Error('The case has no logits.');
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
    const one = caseNamed('batch_padded');
    if (!one.outputs.logits) throw new Error('The case has no logits.');
    const { logits } = await runCase(await open(graphsOf('fp16')), one);
    const error = relativeError(floatsOf(logits), await floats(one.outputs.logits));
    expect(error).toBeLessThan(halfBound(20));
    expect(error).toBeGreaterThan(0);
  });
});

describe('checkpoints of other kinds', () => {
  it('may have an output layer of their own, whose states are not made smaller', async () => {
    const values = await reader.rows('shared.weight', 0, config.vocab_size);
    const other = changedParams(model, { 'lm_head.weight': { shape: [config.vocab_size, 48], values } });
    const graphs = graphsOf('fp32', { ...config, tie_word_embeddings: false }, other.table);
    const one = caseNamed('single');
    const { logits } = await runCase(await open(graphs, () => other.reader), one);
    const { logits: tied } = one.outputs;
    if (!tied) throw new Error('The case has no logits.');
    const scaled = floatsOf(logits).map((value) => value / Math.sqrt(48));
    expect(largestDifference(scaled, await floats(tied))).toBeLessThan(tied.atol ?? 0);
  });

  it('may round an output layer of their own', async () => {
    const made = { 'lm_head.weight': scattered([config.vocab_size, 48], 0.3) };
    const other = changedParams(model, made);
    const json = { ...config, tie_word_embeddings: false };
    const decoder = emitT5Decoder(json, other.table, storageOf('q8', { endBits: 8 }));
    const graphs = graphsOf('fp32', json, other.table);
    const one = caseNamed('single');
    const { logits } = await runCase(await open({ ...graphs, decoder }, () => other.reader), one);
    const restored = roundedWeights(other, decoder, 8);
    const sessions = await open(graphs, (part) => (part === 'decoder' ? restored : other.reader));
    const { logits: same } = await runCase(sessions, one);
    expect(largestDifference(floatsOf(logits), floatsOf(same))).toBeLessThan(one.outputs.logits?.atol ?? 0);
    const head = decoder.parts.at(-1)?.steps.flatMap(({ recipe }) => (recipe.outputs.length > 1 ? recipe.reads : []));
    expect(head).toEqual(['lm_head.weight']);
  });

  it('may have the table of tokens under the name of the encoder', () => {
    const other = changedParams(model, {}, (name) => name.replace(/^shared/, 'encoder.embed_tokens'));
    expect(() => emitT5Encoder(config, other.table, storageOf('fp32'))).not.toThrow();
  });

  it('may have gated layers', async () => {
    const name = 'encoder.block.0.layer';
    const ff = `${name}.1.DenseReluDense`;
    const made = {
      [`${name}.0.SelfAttention.o.weight`]: filled([48, 64], 0),
      [`${ff}.wi_0.weight`]: scattered([96, 48], 0.2),
      [`${ff}.wi_1.weight`]: scattered([96, 48], 0.3),
      [`${ff}.wo.weight`]: scattered([48, 96], 0.4),
    };
    const other = changedParams(model, made);
    const json = { ...config, feed_forward_proj: 'gated-gelu', num_layers: 1 };
    const encoder = await openNodeSession(emitT5Encoder(json, other.table, storageOf('fp32')), other.reader);
    const { last_hidden_state } = await encoder.run({ input_ids: int64([[7]]), attention_mask: int64([[1]]) });
    const read = async (param: string) => other.reader.rows(param, 0, other.table.get(param)?.shape[0] ?? 0);
    const product = async (param: string, input: readonly number[]) => {
      const weights = await read(param);
      const width = input.length;
      return Array.from({ length: weights.length / width }, (_, row) =>
        input.reduce((sum, value, i) => sum + value * (weights[row * width + i] ?? 0), 0),
      );
    };
    const norm = async (param: string, input: readonly number[]) => {
      const weights = await read(param);
      const size = Math.sqrt(input.reduce((sum, value) => sum + value ** 2, 0) / input.length + 1e-6);
      return input.map((value, i) => (value / size) * (weights[i] ?? 0));
    };
    const embedded = Array.from(await reader.rows('shared.weight', 7, 8));
    const normed = await norm(`${name}.1.layer_norm.weight`, embedded);
    const [gate, up] = [await product(`${ff}.wi_0.weight`, normed), await product(`${ff}.wi_1.weight`, normed)];
    const gelu = (x: number) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    const down = await product(
      `${ff}.wo.weight`,
      gate.map((x, i) => gelu(x) * (up[i] ?? 0)),
    );
    const expected = await norm(
      'encoder.final_layer_norm.weight',
      embedded.map((value, i) => value + (down[i] ?? 0)),
    );
    expect(largestDifference(floatsOf(last_hidden_state as Tensor), expected)).toBeLessThan(1e-5);
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
    [{ d_kv: 8 }, 'model-corrupt'],
    [{ vocab_size: 430 }, 'model-corrupt'],
    [{ num_decoder_layers: 3 }, 'model-corrupt'],
    [{ relative_attention_num_buckets: 30 }, 'model-corrupt'],
    [{ relative_attention_num_buckets: 64 }, 'model-corrupt'],
    [{ relative_attention_max_distance: 16 }, 'model-corrupt'],
    [{ feed_forward_proj: 'gated-gelu' }, 'model-corrupt'],
    [{ tie_word_embeddings: false }, 'model-corrupt'],
    [{ feed_forward_proj: 'mystery' }, 'model-unsupported'],
    [{ feed_forward_proj: 'gated-mystery' }, 'model-unsupported'],
    [{ feed_forward_proj: 'doubly-gated-gelu' }, 'model-unsupported'],
    [{ feed_forward_proj: 'barred-gelu' }, 'model-unsupported'],
  ])('%j is refused with %s', (change, code) => {
    expect(() => graphsOf('fp32', { ...config, ...change })).toThrow(expect.objectContaining({ code }));
  });
});
