import { describe, expect, it } from 'vitest';
import type { TensorMap, WireTensor } from '../../src/protocol/tensor.ts';
import type { DecoderShape } from '../graphs/graph.ts';
import type { Decoder, EncoderStates, NewTokens } from './decoder.ts';
import { runDecoder } from './tensors.ts';

const int64 = (values: number[], dims = [1, values.length]): WireTensor => ({
  dtype: 'int64',
  dims,
  data: BigInt64Array.from(values, BigInt).buffer,
});

function makeDecoder(more: Partial<DecoderShape> = {}) {
  const calls: { tokens: NewTokens; positions: readonly number[] | undefined }[] = [];
  const sources: (EncoderStates | undefined)[] = [];
  let open = 0;
  const decoder: Decoder = {
    shape: { hidden: 8, layers: 1, keyValueHeads: 1, headSize: 2, vocabularySize: 3, contextTokens: 4, ...more },
    maxSequences: 1,
    openAll: async (_count, about) => [await decoder.open(about)],
    async open(about) {
      open += 1;
      sources.push(about);
      return {
        length: 0,
        async advance(tokens, positions) {
          calls.push({ tokens, positions });
          return { logits: Float32Array.from({ length: 3 * (positions?.length ?? 1) }, (_, i) => i), computeMs: 2 };
        },
        copyFrom() {},
        close() {
          open -= 1;
        },
      };
    },
  };
  return { decoder, calls, sources, opened: () => open };
}

const ENCODER = { states: 4, hidden: 5, headSize: 2, masked: true };

const events = { signal: new AbortController().signal, onCompute: () => {} };

describe('raw tensors', () => {
  it('gives the logits of the last token, or of those asked for', async () => {
    const { decoder, calls, opened } = makeDecoder();
    const { logits } = await runDecoder(decoder, { input_ids: int64([1, 2]) }, events);
    expect(logits).toMatchObject({ dtype: 'float32', dims: [1, 3] });
    expect([...new Float32Array(logits?.data ?? new ArrayBuffer(0))]).toEqual([0, 1, 2]);
    const all = await runDecoder(decoder, { input_ids: int64([1, 2]), logit_positions: int64([0, 1], [2]) }, events);
    expect(all.logits?.dims).toEqual([2, 3]);
    expect(calls.map(({ positions }) => positions)).toEqual([[1], [0, 1]]);
    expect(opened()).toBe(0);
  });

  it.each<[string, TensorMap, string]>([
    ['no ids', {}, 'invalid-request'],
    ['ids of another type', { input_ids: { dtype: 'int32', dims: [1], data: new ArrayBuffer(4) } }, 'invalid-request'],
    ['empty ids', { input_ids: int64([]) }, 'invalid-request'],
    ['ids of two rows', { input_ids: int64([1, 2], [2, 1]) }, 'invalid-request'],
    ['an id that has no embedding', { input_ids: int64([3]) }, 'invalid-request'],
    ['a negative id', { input_ids: int64([-1]) }, 'invalid-request'],
    ['a position that does not exist', { input_ids: int64([1]), logit_positions: int64([1]) }, 'invalid-request'],
    ['an input that the model does not have', { input_ids: int64([1]), 'past.0.key': int64([1]) }, 'invalid-request'],
    ['more than the context', { input_ids: int64([1, 1, 1, 1, 1]) }, 'context-overflow'],
  ])('refuses %s', async (_what, inputs, code) => {
    const { decoder, calls } = makeDecoder();
    await expect(runDecoder(decoder, inputs, events)).rejects.toMatchObject({ code });
    expect(calls).toEqual([]);
  });

  const float32 = (dims: number[]): WireTensor => ({
    dtype: 'float32',
    dims,
    data: new Float32Array(dims.reduce((a, b) => a * b, 1)).buffer,
  });

  it('are vectors for a decoder that takes vectors', async () => {
    const { decoder, calls } = makeDecoder({ embeddings: true });
    await runDecoder(decoder, { inputs_embeds: float32([1, 2, 8]) }, events);
    expect(calls).toEqual([{ tokens: new Float32Array(16), positions: [1] }]);
  });

  it('tell a decoder what its encoder made', async () => {
    const { decoder, sources } = makeDecoder({ encoder: ENCODER });
    const input_ids = int64([1]);
    const encoder_hidden_states = float32([1, 2, 5]);
    await runDecoder(decoder, { input_ids, encoder_hidden_states }, events);
    const encoder_attention_mask = int64([1, 0]);
    await runDecoder(decoder, { input_ids, encoder_hidden_states, encoder_attention_mask }, events);
    const values = new Float32Array(10);
    expect(sources).toEqual([{ values }, { values, mask: [1, 0] }]);
  });

  it.each<[string, Partial<DecoderShape>, TensorMap]>([
    ['ids for vectors', { embeddings: true }, { input_ids: int64([1]) }],
    ['vectors for ids', {}, { inputs_embeds: float32([1, 1, 8]) }],
    ['vectors of another width', { embeddings: true }, { inputs_embeds: float32([1, 1, 7]) }],
    ['two texts of vectors', { embeddings: true }, { inputs_embeds: float32([2, 1, 8]) }],
    ['no states', { encoder: ENCODER }, { input_ids: int64([1]) }],
    ['states of nothing', {}, { input_ids: int64([1]), encoder_hidden_states: float32([1, 2, 5]) }],
    [
      'a mask of another length',
      { encoder: ENCODER },
      { input_ids: int64([1]), encoder_hidden_states: float32([1, 2, 5]), encoder_attention_mask: int64([1]) },
    ],
    [
      'a mask where none is taken',
      { encoder: { ...ENCODER, masked: false } },
      { input_ids: int64([1]), encoder_hidden_states: float32([1, 2, 5]), encoder_attention_mask: int64([1, 1]) },
    ],
  ])('are refused: %s', async (_what, shape, inputs) => {
    const { decoder, calls } = makeDecoder(shape);
    await expect(runDecoder(decoder, inputs, events)).rejects.toMatchObject({ code: 'invalid-request' });
    expect(calls).toEqual([]);
  });
});
