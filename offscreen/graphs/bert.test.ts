import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Precision } from '../../src/protocol/hardware-names.ts';
import { changedParams, filled } from '../../test/support/changed-params.ts';
import { floatsOf, largestDifference, openGolden } from '../../test/support/golden.ts';
import { expectOutputs, relativeError, runInputs } from '../../test/support/graph-runs.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import { halfBound, roundedWeights, roundingBound } from '../../test/support/rounded-weights.ts';
import { type BertOptions, emitBert } from './bert.ts';
import { storageOf } from './graph.ts';

const model = await openGolden('bert');
const { config, table, reader, forward, floats } = model;

const open = (precision: Precision, changes: object = {}, options?: BertOptions) =>
  openNodeSession(emitBert({ ...config, ...changes }, table, storageOf(precision), options), reader);

const caseNamed = (name: string) => {
  const found = forward.find((one) => one.name === name);
  if (!found) throw new Error(`There is no case ${name}.`);
  return found;
};

describe('BERT on another implementation of the operators', () => {
  let session: InferenceSession;
  beforeAll(async () => {
    session = await open('fp32');
  });

  it.each(forward)('computes the reference outputs: $name', async ({ inputs, outputs }) => {
    const results = await runInputs(model, session, inputs);
    const compared = await expectOutputs(model, outputs, results);
    expect(compared.sort()).toEqual(['last_hidden_state', 'logits', 'mean_pooled', 'pooler_output']);
    const { mean_pooled_normalized: unit } = outputs;
    if (!unit) throw new Error('The case has no sentence embedding.');
    expect(largestDifference(normalized(results.mean_pooled), await floats(unit))).toBeLessThan(unit.atol ?? 0);
  });

  it('needs no head for embeddings', async () => {
    const { inputs, outputs } = caseNamed('single');
    const bare = await open('fp32', {}, { head: false });
    expect(bare.outputNames).toEqual(['last_hidden_state', 'mean_pooled', 'pooler_output']);
    await expectOutputs(model, outputs, await runInputs(model, bare, inputs));
  });

  it.each([
    ['q8', 8],
    ['q4', 4],
  ] as const)('computes with rounded weights what they stand for: %s', async (precision, bits) => {
    const { inputs, outputs } = caseNamed('batch_padded');
    const { logits, pooler_output: pooled } = outputs;
    if (!pooled || !logits) throw new Error('The case has no pooled output.');
    const graph = emitBert(config, table, storageOf(precision));
    const results = await runInputs(model, await openNodeSession(graph, reader), inputs);
    const restored = await openNodeSession(
      emitBert(config, table, storageOf('fp32')),
      roundedWeights(model, graph, bits),
    );
    const expected = await runInputs(model, restored, inputs);
    expect(largestDifference(floatsOf(results.logits), floatsOf(expected.logits))).toBeLessThan(logits.atol ?? 0);
    const error = relativeError(floatsOf(results.pooler_output), await floats(pooled));
    // Four products in each of two layers, and the pooler.
    expect(error).toBeLessThan(roundingBound(bits, 9));
    expect(error).toBeGreaterThan(roundingBound(bits, 1) / 10);
  });

  it('may round its ends too', async () => {
    const { inputs, outputs } = caseNamed('single');
    const graph = emitBert(config, table, storageOf('q8', { endBits: 8 }));
    const rounded = graph.parts.at(-1)?.steps.flatMap(({ recipe }) => (recipe.outputs.length > 1 ? recipe.reads : []));
    expect(rounded).toEqual(['bert.pooler.dense.weight', 'classifier.weight']);
    const results = await runInputs(model, await openNodeSession(graph, reader), inputs);
    const float = emitBert(config, table, storageOf('fp32'));
    const restored = await openNodeSession(float, roundedWeights(model, graph, 8));
    const expected = await runInputs(model, restored, inputs);
    const difference = largestDifference(floatsOf(results.logits), floatsOf(expected.logits));
    expect(difference).toBeLessThan(outputs.logits?.atol ?? 0);
  });

  it('computes in half precision, with inputs and outputs as before', async () => {
    const { inputs, outputs } = caseNamed('batch_padded');
    const results = await runInputs(model, await open('fp16'), inputs);
    for (const name of ['last_hidden_state', 'mean_pooled', 'pooler_output', 'logits']) {
      const expected = outputs[name];
      if (!expected) throw new Error(`The case has no ${name}.`);
      const error = relativeError(floatsOf(results[name]), await floats(expected));
      expect(error, name).toBeLessThan(halfBound(9));
      expect(error, name).toBeGreaterThan(0);
    }
  });
});

/** Each row of [batch, 48] divided by its length. */
function normalized(tensor: Tensor | undefined): number[] {
  const data = floatsOf(tensor);
  const width = tensor?.dims[1] ?? 1;
  return Array.from(data, (value, i) => {
    const row = data.subarray(Math.floor(i / width) * width, (Math.floor(i / width) + 1) * width);
    return value / Math.hypot(...row);
  });
}

describe('checkpoints of other kinds', () => {
  const { inputs, outputs } = caseNamed('batch_padded');

  it('may have the names of an encoder alone, and of norms as they once were', async () => {
    const other = changedParams(model, {}, (name) =>
      name
        .replace(/^bert\./, '')
        .replace('LayerNorm.weight', 'LayerNorm.gamma')
        .replace('LayerNorm.bias', 'LayerNorm.beta'),
    );
    const graph = emitBert({ ...config, architectures: ['BertModel'] }, other.table, storageOf('fp32'));
    const results = await runInputs(model, await openNodeSession(graph, other.reader), inputs);
    expect(await expectOutputs(model, outputs, results)).toEqual(['last_hidden_state', 'pooler_output', 'mean_pooled']);
  });

  it('may classify tokens', async () => {
    const session = await open('fp32', { architectures: ['BertForTokenClassification'] });
    const { logits, last_hidden_state } = await runInputs(model, session, inputs);
    expect(logits?.dims).toEqual([4, 28, 3]);
    const weights = await reader.rows('classifier.weight', 0, 3);
    const [, bias = 0] = await reader.rows('classifier.bias', 0, 3);
    const token = floatsOf(last_hidden_state).subarray(5 * 48, 6 * 48);
    const expected = token.reduce((sum, value, i) => sum + value * (weights[48 + i] ?? 0), bias);
    expect(floatsOf(logits)[5 * 3 + 1]).toBeCloseTo(expected, 4);
  });

  it.each([
    ['their own table', { 'cls.predictions.decoder.weight': filled([432, 48], 0.5) }],
    ['the table of the input', {}],
  ])('may guess masked words by %s', async (_, more) => {
    const transform = 'cls.predictions.transform';
    const other = changedParams(model, {
      [`${transform}.dense.weight`]: filled([48, 48], 0.5),
      [`${transform}.dense.bias`]: filled([48], 0.5),
      [`${transform}.LayerNorm.weight`]: filled([48], 0.5),
      [`${transform}.LayerNorm.bias`]: filled([48], 0.5),
      'cls.predictions.bias': filled([432], 0.5),
      ...more,
    });
    const graph = emitBert({ ...config, architectures: ['BertForMaskedLM'] }, other.table, storageOf('fp32'));
    const { logits } = await runInputs(model, await openNodeSession(graph, other.reader), inputs);
    expect(logits?.dims).toEqual([4, 28, 432]);
    // All rows of the transform are alike, so that its norm leaves the shift alone: 0.5 for each of 48 columns.
    const row = await reader.rows('bert.embeddings.word_embeddings.weight', 7, 8);
    const expected = 'cls.predictions.decoder.weight' in more ? 48 / 4 : row.reduce((sum, value) => sum + value / 2, 0);
    expect(floatsOf(logits)[432 + 7]).toBeCloseTo(expected + 0.5, 3);
  });

  it('may find answers', async () => {
    const made = { 'qa_outputs.weight': filled([2, 48], 0.5), 'qa_outputs.bias': filled([2], 0.5) };
    const other = changedParams(model, made);
    const graph = emitBert({ ...config, architectures: ['BertForQuestionAnswering'] }, other.table, storageOf('fp32'));
    const results = await runInputs(model, await openNodeSession(graph, other.reader), inputs);
    expect(results.start_logits?.dims).toEqual([4, 28]);
    const token = floatsOf(results.last_hidden_state).subarray(0, 48);
    expect(floatsOf(results.end_logits)[0]).toBeCloseTo(
      token.reduce((sum, value) => sum + value / 2, 0.5),
      4,
    );
  });
});

it('puts each layer into a part of its own', () => {
  const { parts } = emitBert(config, table, storageOf('q4'));
  expect(parts.map(({ name }) => name)).toEqual(['embedding', 'layer.0', 'layer.1', 'head']);
  expect(parts.every(({ bytes }) => bytes > 0)).toBe(true);
});

describe('a config that cannot be', () => {
  it.each([
    [{ hidden_size: undefined }, 'model-corrupt'],
    [{ num_attention_heads: 5 }, 'model-corrupt'],
    [{ vocab_size: 433 }, 'model-corrupt'],
    [{ num_hidden_layers: 3 }, 'model-corrupt'],
    [{ id2label: { 0: 'yes' } }, 'model-corrupt'],
    [{ architectures: ['BertForMaskedLM'] }, 'model-corrupt'],
    [{ hidden_act: 'mystery' }, 'model-unsupported'],
    [{ position_embedding_type: 'relative_key' }, 'model-unsupported'],
    [{ is_decoder: true }, 'model-unsupported'],
    [{ architectures: ['BertForMultipleChoice'] }, 'model-unsupported'],
    [{ architectures: ['toString'] }, 'model-unsupported'],
  ])('%j is refused with %s', (change, code) => {
    expect(() => emitBert({ ...config, ...change }, table, storageOf('fp32'))).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
