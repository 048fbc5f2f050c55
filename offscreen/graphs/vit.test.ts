import type { InferenceSession } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { itStaysClose } from '../../test/support/deviation.ts';
import { floatsOf, openGolden, runGraph } from '../../test/support/golden.ts';
import { openNodeSession } from '../../test/support/node-graphs.ts';
import type { ParamReader, ParamTable } from '../checkpoint/checkpoint.ts';
import { storageOf } from './graph.ts';
import { emitVit } from './vit.ts';

const { config, table, reader, forward, caseOf, feed, difference } = await openGolden('vit');

const open = (params = table, from = reader) => openNodeSession(emitVit(config, params, storageOf('fp32')), from);

describe('ViT on another implementation of the operators', () => {
  let session: InferenceSession;
  beforeAll(async () => {
    session = await open();
  });

  it.each(forward)('computes the reference logits and states: $name', async ({ inputs, outputs }) => {
    const result = await runGraph(session, { pixel_values: await feed(inputs.pixel_values) });
    expect(Object.keys(result).sort()).toEqual(Object.keys(outputs).sort());
    for (const [name, expected] of Object.entries(outputs)) {
      expect(await difference(result[name], expected), name).toBeLessThan(expected.atol ?? 0);
    }
  });

  it('keeps the weights of each layer in a part of its own', () => {
    const { parts } = emitVit(config, table, storageOf('fp32'));
    expect(parts.map(({ name }) => name)).toEqual(['embedding', 'layer.0', 'layer.1', 'head']);
  });
});

/** The same parameters under other names. */
function renamed(rename: (name: string) => string): { table: ParamTable; reader: ParamReader } {
  const names = new Map(table.names().map((name) => [rename(name), name]));
  const old = (name: string) => names.get(name) ?? '';
  return {
    table: { get: (name) => table.get(old(name)), names: () => [...names.keys()] },
    reader: { rows: (name, from, to) => reader.rows(old(name), from, to) },
  };
}

describe('a checkpoint of the encoder alone', () => {
  const golden = caseOf('noise');
  const bare = renamed((name) => name.replace(/^vit\./, '').replace(/^classifier/, 'other'));

  it('gives states and no logits', async () => {
    const session = await open(bare.table, bare.reader);
    const result = await runGraph(session, { pixel_values: await feed(golden.inputs.pixel_values) });
    expect(Object.keys(result)).toEqual(['last_hidden_state']);
    const expected = golden.outputs.last_hidden_state;
    if (!expected) throw new Error('The case has no states.');
    expect(await difference(result.last_hidden_state, expected)).toBeLessThan(expected.atol ?? 0);
  });

  it('gives what its pooler makes of the class token, where it has one', async () => {
    // Any square matrix will do as a pooler.
    const taken = 'encoder.layer.0.attention.output.dense';
    const swap = (name: string) => name.replace('pooler.dense', taken);
    const session = await open(
      { ...bare.table, get: (name) => bare.table.get(swap(name)) },
      { rows: (name, from, to) => bare.reader.rows(swap(name), from, to) },
    );
    const result = await runGraph(session, { pixel_values: await feed(golden.inputs.pixel_values) });
    const [weights, bias] = await Promise.all([
      bare.reader.rows(`${taken}.weight`, 0, 48),
      bare.reader.rows(`${taken}.bias`, 0, 48),
    ]);
    const first = floatsOf(result.last_hidden_state).subarray(0, 48);
    const pooled = floatsOf(result.pooler_output);
    const expected = bias.map((shift, row) =>
      Math.tanh(first.reduce((sum, value, column) => sum + value * (weights[row * 48 + column] ?? 0), shift)),
    );
    for (const [i, value] of expected.entries()) expect(pooled[i]).toBeCloseTo(value, 4);
  });
});

describe('ViT with its weights stored in fewer bits', () => {
  const golden = caseOf('batch_of_images');
  itStaysClose('an image', {
    table,
    reader,
    emit: (storage) => emitVit(config, table, storage),
    run: async (session) =>
      floatsOf((await runGraph(session, { pixel_values: await feed(golden.inputs.pixel_values) })).logits),
    // Four a layer in two layers; the classifier is kept as it is.
    products: 8,
  });
});

describe('a config that cannot be', () => {
  it.each([
    [{ hidden_size: null }, 'model-corrupt'],
    [{ hidden_size: undefined }, 'model-corrupt'],
    [{ num_attention_heads: 5 }, 'model-corrupt'],
    [{ num_hidden_layers: 3 }, 'model-corrupt'],
    [{ image_size: 40 }, 'model-corrupt'],
    [{ image_size: [32, 16] }, 'model-corrupt'],
    [{ patch_size: 64 }, 'model-corrupt'],
    [{ id2label: { 0: 'cat' } }, 'model-corrupt'],
    [{ num_channels: 1 }, 'model-corrupt'],
    [{ hidden_act: 'mystery' }, 'model-unsupported'],
  ])('%j is refused with %s', (change, code) => {
    expect(() => emitVit({ ...config, ...change }, table, storageOf('fp32'))).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
