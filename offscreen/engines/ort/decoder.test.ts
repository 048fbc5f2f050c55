import type { InferenceSession } from 'onnxruntime-common';
import { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { createMutex } from '../../../src/shared/mutex.ts';
import type { DecoderShape } from '../../graphs/graph.ts';
import { createHostCache } from './caches.ts';
import { createHostCross } from './cross-cache.ts';
import { createOrtDecoder } from './decoder.ts';
import type { OrtModule } from './runtime.ts';

const SIZES = { layers: 1, hidden: 2, keyValueHeads: 1, headSize: 8, vocabularySize: 3, contextTokens: 8 };
const ENCODER = { states: 4, hidden: 3, headSize: 5, masked: true };

type Feeds = Readonly<Record<string, Tensor>>;

/** A session that gives what `answer` says and keeps what it was fed. */
function makeSession(answer: (feeds: Feeds) => Feeds) {
  const runs: Feeds[] = [];
  const session = {
    async run(feeds: Feeds) {
      runs.push(feeds);
      return answer(feeds);
    },
  } as unknown as InferenceSession;
  return { session, runs };
}

const zeros = (dims: number[]) => new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);

/** A decoder on host caches: each present is one token longer than the past, whatever there was to read. */
function makeDecoder(shape: DecoderShape, { maxSequences = 2, crossFails = false } = {}) {
  const ort = { Tensor } as unknown as OrtModule;
  const decoding = makeSession((feeds) => {
    const length = Number(feeds['past.0.key']?.dims[2]) + 1;
    const present = zeros([1, 1, length, 8]);
    return { logits: zeros([1, 3]), 'present.0.key': present, 'present.0.value': present };
  });
  const crossing = makeSession((feeds) => {
    if (crossFails) throw new Error('The runtime failed.');
    const states = feeds.encoder_hidden_states?.dims[1] ?? 0;
    return { 'cross.0.key': zeros([1, 1, states, 5]), 'cross.0.value': zeros([1, 1, states, 5]) };
  });
  let disposed = 0;
  const { encoder } = shape;
  const decoder = createOrtDecoder({
    ort,
    mutex: createMutex(),
    readBack: (work) => work(),
    diagnose: async () => undefined,
    session: decoding.session,
    shape,
    maxSequences,
    makeCache: async () => createHostCache(ort, shape),
    ...(encoder && {
      cross: {
        session: () => crossing.session,
        async make(states) {
          const cache = createHostCross(ort, { ...shape, encoder }, states);
          return {
            ...cache,
            dispose() {
              disposed += 1;
              cache.dispose();
            },
          };
        },
      },
    }),
  });
  return { decoder, runs: decoding.runs, crossRuns: crossing.runs, disposed: () => disposed };
}

const seq2seq = { ...SIZES, encoder: ENCODER };
const about = { values: new Float32Array(6), mask: [1, 0] };

describe('a decoder about the states of an encoder', () => {
  it('computes their keys and values once for all sequences, and lets them go with the last', async () => {
    const { decoder, runs, crossRuns, disposed } = makeDecoder(seq2seq);
    const [first, second] = await decoder.openAll(2, about);
    await first?.advance([1]);
    await first?.advance([2]);
    await second?.advance([1]);
    expect(crossRuns.map((feeds) => feeds.encoder_hidden_states?.dims)).toEqual([[1, 2, 3]]);
    expect(runs.map((feeds) => feeds['cross.0.key']?.dims)).toEqual([
      [1, 1, 2, 5],
      [1, 1, 2, 5],
      [1, 1, 2, 5],
    ]);
    expect(runs[0]?.encoder_attention_mask?.data).toEqual(BigInt64Array.of(1n, 0n));
    first?.close();
    first?.close();
    expect(disposed()).toBe(0);
    second?.close();
    expect(disposed()).toBe(1);
  });

  it('takes all states where no mask is given', async () => {
    const { decoder, runs } = makeDecoder(seq2seq);
    await (await decoder.open({ values: new Float32Array(9) })).advance([1]);
    expect(runs[0]?.encoder_attention_mask?.data).toEqual(BigInt64Array.of(1n, 1n, 1n));
  });

  it('is tried on as many states as there can be, without their graph', async () => {
    const { decoder, runs, crossRuns } = makeDecoder(seq2seq);
    const blank = await decoder.openBlank();
    await blank.advance([0]);
    blank.close();
    expect(crossRuns).toEqual([]);
    expect(runs[0]?.['cross.0.key']?.dims).toEqual([1, 1, 4, 5]);
    expect(runs[0]?.encoder_attention_mask?.dims).toEqual([1, 4]);
  });

  it.each([
    ['more states than were planned', { values: new Float32Array(15) }, 'context-overflow'],
    ['no states', undefined, 'internal'],
    ['half a state', { values: new Float32Array(4) }, 'internal'],
    ['a mask of another length', { values: new Float32Array(6), mask: [1] }, 'internal'],
  ])('refuses %s, and has all caches left', async (_what, wrong, code) => {
    const { decoder } = makeDecoder(seq2seq);
    await expect(decoder.open(wrong)).rejects.toMatchObject({ code });
    expect(await decoder.openAll(2, about)).toHaveLength(2);
  });

  it('gives back its cache and what it had for the states, where these cannot be computed', async () => {
    const { decoder, disposed } = makeDecoder(seq2seq, { maxSequences: 1, crossFails: true });
    await expect(decoder.open(about)).rejects.toMatchObject({ code: 'engine-failed' });
    await expect(decoder.open(about)).rejects.toMatchObject({ code: 'engine-failed' });
    expect(disposed()).toBe(2);
  });
});

describe('sequences', () => {
  it('go on by themselves after one became a copy of the other', async () => {
    const { decoder, runs } = makeDecoder(SIZES);
    const [first, second] = await decoder.openAll(2);
    await first?.advance([1]);
    await first?.advance([2]);
    if (first) second?.copyFrom(first);
    expect(second?.length).toBe(2);
    await second?.advance([1]);
    await first?.advance([1]);
    expect(runs.map((feeds) => feeds['past.0.key']?.dims[2])).toEqual([0, 1, 2, 2]);
    expect(runs.map((feeds) => feeds.total_tokens?.data)).toEqual([1, 2, 3, 3].map((total) => Int32Array.of(total)));
  });

  it('are copied only from those that are about the same', async () => {
    const { decoder } = makeDecoder(seq2seq);
    const [first, second] = [await decoder.open(about), await decoder.open(about)];
    expect(() => second.copyFrom(first)).toThrow(expect.objectContaining({ code: 'internal' }));
    first.close();
    expect(() => second.copyFrom(first)).toThrow(expect.objectContaining({ code: 'session-ended' }));
  });

  it('are refused where there can never be as many, and wait where there are not yet', async () => {
    const { decoder } = makeDecoder(SIZES);
    await expect(decoder.openAll(3)).rejects.toMatchObject({ code: 'invalid-request' });
    const one = await decoder.open();
    const order: string[] = [];
    const both = decoder.openAll(2).then((sequences) => {
      order.push('both');
      return sequences;
    });
    const last = decoder.open().then(() => order.push('last'));
    one.close();
    for (const sequence of await both) sequence.close();
    await last;
    expect(order).toEqual(['both', 'last']);
  });
});

describe('a decoder of vectors', () => {
  const vectors = { ...SIZES, embeddings: true } as const;

  it('takes rows in place of ids', async () => {
    const { decoder, runs } = makeDecoder(vectors);
    const sequence = await decoder.open();
    await sequence.advance(new Float32Array(6));
    expect(sequence.length).toBe(3);
    expect(runs[0]?.inputs_embeds?.dims).toEqual([1, 3, 2]);
    expect(runs[0]?.input_ids).toBeUndefined();
    expect(runs[0]?.logit_positions?.data).toEqual(BigInt64Array.of(2n));
  });

  it.each([
    ['ids', vectors, [1]],
    ['half a vector', vectors, new Float32Array(3)],
    ['nothing', vectors, new Float32Array(0)],
    ['vectors where ids are taken', SIZES, new Float32Array(2)],
  ])('refuses %s', async (_what, shape, tokens) => {
    const { decoder, runs } = makeDecoder(shape);
    const sequence = await decoder.open();
    await expect(sequence.advance(tokens)).rejects.toMatchObject({ code: 'internal' });
    expect(runs).toEqual([]);
  });
});
