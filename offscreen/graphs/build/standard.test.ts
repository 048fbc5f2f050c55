import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { floatsOf, type GoldenModel, largestDifference, openGolden } from '../../../test/support/golden.ts';
import { expectOutputs, type Results, runInputs } from '../../../test/support/graph-runs.ts';
import { openNodeSession } from '../../../test/support/node-graphs.ts';
import { startDecoding } from '../../../test/support/seq2seq.ts';
import type { PartName } from '../../families/family.ts';
import { familyOf } from '../../families/registry.ts';
import { DECODER_IO, type DecoderShape, type Storage, storageOf } from '../graph.ts';

const STANDARD: Storage = { ...storageOf('fp32'), standard: true };
/** Rows of every cache: more than any case has tokens. */
const CAPACITY = 32;

function emit({ config, table }: GoldenModel, name: PartName, storage = STANDARD, changes: object = {}) {
  const graph = familyOf(config).components[name]?.({ ...config, ...changes }, table, storage);
  return graph ?? expect.fail(`The model has no ${name}.`);
}

function shapeOf({ shape }: { readonly shape?: DecoderShape }): DecoderShape {
  return shape ?? expect.fail('That is no decoder.');
}

const int64 = (values: readonly number[], dims: readonly number[]) =>
  new Tensor('int64', BigInt64Array.from(values, BigInt), dims);

/** Runs `ids` after `past` tokens, filled up with other tokens to `length`; answers logits of all that were asked for. */
async function step(session: InferenceSession, ids: readonly number[], past: number, caches: Results, length: number) {
  const total = past + length;
  return (await session.run({
    [DECODER_IO.inputIds]: int64([...ids, ...new Array(length - ids.length).fill(1)], [1, length]),
    [DECODER_IO.logitPositions]: int64([...ids.keys()], [ids.length]),
    [DECODER_IO.lastPosition]: new Tensor('int32', [total - 1], [1]),
    [DECODER_IO.totalTokens]: new Tensor('int32', [total], [1]),
    ...caches,
  })) as Results;
}

/** Caches of so many rows whose first are those of `kept`; the rest is what a runtime may have left there. */
function caches({ layers, keyValueHeads, headSize }: DecoderShape, capacity: number, kept: Results = {}): Results {
  const dims = [1, keyValueHeads, capacity, headSize];
  return Object.fromEntries(
    Array.from({ length: layers }, (_, layer) =>
      (['key', 'value'] as const).map((part) => {
        const all = new Float32Array(keyValueHeads * capacity * headSize).fill(3);
        const from = kept[`past_key_values.${layer}.${part}`];
        const rows = (from?.dims[2] ?? 0) * headSize;
        for (let head = 0; from && head < keyValueHeads; head += 1) {
          all.set(floatsOf(from).subarray(head * rows, (head + 1) * rows), head * capacity * headSize);
        }
        return [DECODER_IO.past(layer, part), new Tensor('float32', all, dims)] as const;
      }),
    ).flat(),
  );
}

const nextCaches = (results: Results): Results =>
  Object.fromEntries(
    Object.entries(results)
      .filter(([name]) => name.startsWith('present.'))
      .map(([name, tensor]) => [name.replace('present', 'past'), tensor]),
  );

describe.each(['llama', 'qwen2', 'qwen3'])('%s in standard operators', async (name) => {
  const model = await openGolden(name);
  const graph = emit(model, 'decoder');
  const session = await openNodeSession(graph, model.reader);

  it('names no operator of the runtime but norms and rotation', () => {
    const text = new TextDecoder().decode(graph.model);
    expect(text).not.toContain('GroupQueryAttention');
  });

  it('computes the reference logits of a prompt that is filled up', async () => {
    const { inputs, outputs } = model.caseOf('single');
    const ids = await model.ids(inputs.input_ids);
    const results = await step(session, ids, 0, caches(shapeOf(graph), CAPACITY), ids.length + 3);
    expect(await expectOutputs(model, { logits: outputs.logits ?? expect.fail() }, flat(results, ids.length))).toEqual([
      'logits',
    ]);
  });

  it('goes on from a reference cache, over what filled it up', async () => {
    const { inputs, outputs } = model.caseOf('with_past');
    const kept = Object.fromEntries(
      await Promise.all(
        Object.keys(inputs)
          .filter((input) => input.startsWith('past_key_values'))
          .map(async (input) => [input, await model.feed(inputs[input])] as const),
      ),
    );
    const past = inputs['past_key_values.0.key']?.shape[2] ?? 0;
    let state = caches(shapeOf(graph), CAPACITY, kept);
    const rows: number[] = [];
    for (const [at, id] of (await model.ids(inputs.input_ids)).entries()) {
      const results = await step(session, [id], past + at, state, 4);
      state = nextCaches(results);
      rows.push(...floatsOf(results[DECODER_IO.logits]));
    }
    expect(largestDifference(rows, await model.floats(outputs.logits))).toBeLessThan(outputs.logits?.atol ?? 0);
  });
});

/** Logits [tokens, vocabulary] as the reference has them, [1, tokens, vocabulary]. */
const flat = ({ logits }: Results, tokens: number): Results => ({
  logits: new Tensor('float32', floatsOf(logits), [1, tokens, (logits?.dims[1] ?? 0) as number]),
});

it('sees no further back than a window', async () => {
  const model = await openGolden('llama');
  const changes = { model_type: 'mistral', sliding_window: 5 };
  const logitsOf = async (storage: Storage, capacity: number) => {
    const graph = emit(model, 'decoder', storage, changes);
    const session = await openNodeSession(graph, model.reader);
    const ids = Array.from({ length: 12 }, (_, i) => i + 3);
    return floatsOf((await step(session, ids, 0, caches(shapeOf(graph), capacity), 12))[DECODER_IO.logits]);
  };
  const [standard, fused] = [await logitsOf(STANDARD, CAPACITY), await logitsOf(storageOf('fp32'), 0)];
  expect(largestDifference(standard, fused)).toBeLessThan(1e-4);
});

describe.each(['t5', 'whisper'])('%s in standard operators', (name) => {
  it('computes the reference logits token by token', async () => {
    const model = await openGolden(name);
    const { inputs, outputs } = model.forward[0] ?? expect.fail('There is no case.');
    const open = async (component: PartName) => openNodeSession(emit(model, component), model.reader);
    const encoded = await runInputs(model, await open('encoder'), inputs);
    const states = encoded.last_hidden_state ?? expect.fail('The encoder gave nothing.');
    const mask = inputs.attention_mask && (await model.feed(inputs.attention_mask));
    const sessions = {
      cross: await open('cross'),
      decoder: await open('decoder'),
      shape: shapeOf(emit(model, 'decoder')),
    };
    const decoding = await startDecoding(sessions, states, mask, CAPACITY);
    const ids = await model.ids(inputs.decoder_input_ids);
    const rows = [...(await decoding.step([ids.slice(0, 3)]))];
    for (const id of ids.slice(3)) rows.push(...(await decoding.step([[id]])));
    expect(largestDifference(rows, await model.floats(outputs.logits))).toBeLessThan(outputs.logits?.atol ?? 0);
  });
});

it.each([
  ['clip', 'vision'],
  ['wav2vec2', 'audio'],
] as const)('%s, %s: computes the reference outputs', async (name, component) => {
  const model = await openGolden(name);
  const session = await openNodeSession(emit(model, component), model.reader);
  const { inputs, outputs } = model.forward.at(component === 'audio' ? -1 : 0) ?? expect.fail('There is no case.');
  const mask = inputs.attention_mask && (await model.ids(inputs.attention_mask));
  const compared = await expectOutputs(
    model,
    outputs,
    await runInputs(model, session, inputs),
    component === 'audio' ? undefined : mask,
  );
  expect(compared.length).toBeGreaterThan(0);
});
