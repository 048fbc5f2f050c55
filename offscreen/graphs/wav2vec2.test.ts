import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Precision } from '../../src/protocol/hardware-names.ts';
import { changedParams, scattered } from '../../test/support/changed-params.ts';
import { floatsOf, type GoldenCase, largestDifference, openGolden } from '../../test/support/golden.ts';
import { expectOutputs, relativeError, runInputs } from '../../test/support/graph-runs.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { halfBound, roundedWeights, roundingBound } from '../../test/support/rounded-weights.ts';
import { wav2vec2Reference } from '../../test/support/wav2vec2-reference.ts';
import type { ParamReader, ParamTable } from '../checkpoint/checkpoint.ts';
import { storageOf } from './graph.ts';
import { emitWav2Vec2 } from './wav2vec2.ts';

const model = await openGolden('wav2vec2');
const { config, table, reader, forward, floats } = model;

const emit = (precision: Precision, changes: object = {}, params: ParamTable = table) =>
  emitWav2Vec2({ ...config, ...changes }, params, storageOf(precision));

/** Runs a case; all samples count where it has no mask. */
async function run(session: InferenceSession, { inputs }: GoldenCase) {
  const dims = inputs.input_values?.shape ?? [];
  const all = new BigInt64Array(dims.reduce((product, dim) => product * dim, 1)).fill(1n);
  const more: Record<string, Tensor> = inputs.attention_mask ? {} : { attention_mask: new Tensor('int64', all, dims) };
  return runInputs(model, session, inputs, more);
}

describe('wav2vec 2.0 on another implementation of the operators', () => {
  let session: InferenceSession;
  beforeAll(async () => {
    session = await openNodeSession(emit('fp32'), reader);
  });

  it.each(forward)('computes the reference outputs: $name', async ({ name, inputs, outputs }) => {
    const results = await run(session, { name, inputs, outputs });
    const compared = await expectOutputs(model, outputs, results);
    expect(compared.sort()).toEqual(['last_hidden_state', 'logits']);
  });

  it.each([
    ['q8', 8],
    ['q4', 4],
  ] as const)('computes with rounded weights what they stand for: %s', async (precision, bits) => {
    const graph = emit(precision);
    const [one] = forward;
    if (!one?.outputs.logits) throw new Error('There is no case.');
    const { logits: expected } = one.outputs;
    const { logits } = await run(await openNodeSession(graph, reader), one);
    const { logits: same } = await run(await openNodeSession(emit('fp32'), roundedWeights(model, graph, bits)), one);
    expect(largestDifference(floatsOf(logits), floatsOf(same))).toBeLessThan(expected.atol ?? 0);
    const error = relativeError(floatsOf(logits), await floats(expected));
    // The projection of features, and four products in each of two layers; convolutions are kept.
    expect(error).toBeLessThan(roundingBound(bits, 9));
    expect(error).toBeGreaterThan(roundingBound(bits, 1) / 10);
  });

  it('computes in half precision, with inputs and outputs as before', async () => {
    const [one] = forward;
    if (!one?.outputs.logits) throw new Error('There is no case.');
    const { logits } = await run(await openNodeSession(emit('fp16'), reader), one);
    const error = relativeError(floatsOf(logits), await floats(one.outputs.logits));
    // Seven convolutions, the projection of features, that of places, four products in each of two layers, and the head.
    expect(error).toBeLessThan(halfBound(18));
    expect(error).toBeGreaterThan(0);
  });
});

describe('variants, against a plain computation in float64', () => {
  const samples = Array.from({ length: 2000 }, (_, i) => Math.sin(i * 0.11) + Math.sin(i * i * 0.003));

  async function compare(changes: object, params: ParamTable, values: ParamReader): Promise<number> {
    const all = await Promise.all(
      params.names().map(async (name) => [name, await values.rows(name, 0, params.get(name)?.shape[0] ?? 1)] as const),
    );
    const byName = new Map(all);
    const expected = wav2vec2Reference({ ...config, ...changes }, (name) => byName.get(name) ?? [], samples);
    const session = await openNodeSession(emit('fp32', changes, params), values);
    const { last_hidden_state } = await session.run({
      input_values: new Tensor('float32', Float32Array.from(samples), [1, samples.length]),
      attention_mask: new Tensor('int64', new BigInt64Array(samples.length).fill(1n), [1, samples.length]),
    });
    return largestDifference(floatsOf(last_hidden_state as Tensor), expected.flat());
  }

  const layerNorms = Object.fromEntries(
    Array.from({ length: 7 }, (_, layer) => {
      const name = `wav2vec2.feature_extractor.conv_layers.${layer}`;
      return [
        [`${name}.conv.bias`, scattered([32], 0.3)],
        [`${name}.layer_norm.weight`, scattered([32], 1.5)],
        [`${name}.layer_norm.bias`, scattered([32], 0.3)],
      ] as const;
    }).flat(),
  );

  it.each([
    ['the reference model itself', {}, {}],
    ['norms before each part', { do_stable_layer_norm: true }, {}],
    ['norms of frames, biases', { feat_extract_norm: 'layer', conv_bias: true }, layerNorms],
    ['both', { feat_extract_norm: 'layer', conv_bias: true, do_stable_layer_norm: true }, layerNorms],
    [
      'a window of odd length',
      { num_conv_pos_embeddings: 5 },
      {
        'wav2vec2.encoder.pos_conv_embed.conv.weight_g': scattered([1, 1, 5], 2),
        'wav2vec2.encoder.pos_conv_embed.conv.weight_v': scattered([48, 12, 5], 1),
      },
    ],
  ] as const)('%s', async (_, changes, made) => {
    const other = changedParams(model, made);
    // The tolerance of the reference outputs, which are of the same size.
    expect(await compare(changes, other.table, other.reader)).toBeLessThan(2e-4);
  });
});

describe('checkpoints of other kinds', () => {
  const conv = 'wav2vec2.encoder.pos_conv_embed.conv';
  const [one] = forward;

  it('may have no head and no prefix, and normed weights under their later names', async () => {
    const other = changedParams(model, {}, (name) =>
      name
        .replace(`${conv}.weight_g`, `${conv}.parametrizations.weight.original0`)
        .replace(`${conv}.weight_v`, `${conv}.parametrizations.weight.original1`)
        .replace(/^wav2vec2\./, ''),
    );
    const graph = emit('fp32', { architectures: ['Wav2Vec2Model'] }, other.table);
    const session = await openNodeSession(graph, other.reader);
    expect(session.outputNames).toEqual(['last_hidden_state']);
    if (!one) throw new Error('There is no case.');
    expect(await expectOutputs(model, one.outputs, await run(session, one))).toEqual(['last_hidden_state']);
  });
});

it('puts each layer into a part of its own', () => {
  expect(emit('q4').parts.map(({ name }) => name)).toEqual(['features', 'layer.0', 'layer.1', 'head']);
});

describe('a config that cannot be', () => {
  it.each([
    [{ hidden_size: undefined }, 'model-corrupt'],
    [{ conv_dim: [] }, 'model-corrupt'],
    [{ conv_stride: [5, 2] }, 'model-corrupt'],
    [{ conv_kernel: [10, 3, 3, 3, 3, 2, 3] }, 'model-corrupt'],
    [{ conv_bias: true }, 'model-corrupt'],
    [{ num_conv_pos_embedding_groups: 5 }, 'model-corrupt'],
    [{ num_conv_pos_embeddings: 128 }, 'model-corrupt'],
    [{ vocab_size: 33 }, 'model-corrupt'],
    [{ num_hidden_layers: 3 }, 'model-corrupt'],
    [{ feat_extract_norm: 'layer' }, 'model-corrupt'],
    [{ feat_extract_norm: 'batch' }, 'model-unsupported'],
    [{ hidden_act: 'mystery' }, 'model-unsupported'],
    [{ feat_extract_activation: 'mystery' }, 'model-unsupported'],
    [{ add_adapter: true }, 'model-unsupported'],
    [{ adapter_attn_dim: 16 }, 'model-unsupported'],
    [{ architectures: ['Wav2Vec2ForXVector'] }, 'model-unsupported'],
  ])('%j is refused with %s', (change, code) => {
    expect(() => emit('fp32', change)).toThrow(expect.objectContaining({ code }));
  });
});
