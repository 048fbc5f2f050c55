import type { Tensor } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { createMutex } from '../../../src/shared/mutex.ts';
import { CROSS_IO } from '../../graphs/cross-attention.ts';
import { DECODER_IO, type DecoderShape } from '../../graphs/graph.ts';
import type { Decoder, DecoderSequence, EncoderStates, NewTokens, StepResult } from '../../tasks/decoder.ts';
import type { SequenceCache } from './caches.ts';
import { type CrossCache, countStates, fillCross } from './cross-cache.ts';
import { fedWith } from './fed-with.ts';
import type { Runnable } from './fixed-session.ts';
import { type RunSetting, runInTurn } from './graph-runner.ts';
import type { OrtModule } from './runtime.ts';
import { createSlots } from './slots.ts';

export interface OrtDecoderParts extends RunSetting {
  readonly session: Runnable;
  readonly shape: DecoderShape;
  readonly maxSequences: number;
  readonly makeCache: () => Promise<SequenceCache>;
  /** For decoders with an encoder: room for keys and values of so many states, and the graph that computes them. */
  readonly cross?: {
    readonly make: (states: number) => Promise<CrossCache>;
    readonly session: () => Runnable;
  };
  /**
   * Tokens that a step of `count` is filled up to, where sizes are fixed and there is room for so many. What is filled in lies behind
   * the last token, where the next step writes over it and none looks before.
   */
  readonly stepTokens?: (count: number, room: number) => number;
  /** How a graph is asked that others made; as our own are, if left out. */
  readonly dialect?: Dialect;
}

/** How to run a decoder whose inputs and outputs are called otherwise than `DECODER_IO` says. */
export interface Dialect {
  /** What sequences about an encoder's states are fed of them. */
  context(about: EncoderStates): Context;
  /** What a trial of the graph is about. */
  blank(): Context;
  step(state: Pick<SequenceState, 'cache' | 'context' | 'length'>, step: Step): Promise<StepResult>;
}

/** What an adapter feeds a decoder, and the graph that computes keys and values of an encoder's states. */
export interface DecoderFeeds {
  readonly own: Readonly<Record<string, Tensor>>;
  readonly cross: Readonly<Record<string, Tensor>>;
}

const UNCHANGED: DecoderFeeds = { own: {}, cross: {} };

export interface OrtDecoder extends Decoder {
  /** The same decoder as an adapter changes it: sequences of both share its caches, each for itself. */
  adapted(feeds: DecoderFeeds): Decoder;
  /** A sequence about as many states of an encoder as there can be, which are all zero and were not computed. */
  openBlank(): Promise<DecoderSequence>;
  /** Gives the caches back; no sequence is open any more. */
  dispose(): void;
}

/** What sequences that are opened together are about. */
export interface Context {
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Time spent on it that nobody was told of yet. */
  computeMs: number;
  dispose(): void;
}

export const NO_CONTEXT = (): Context => ({ feeds: {}, computeMs: 0, dispose: () => {} });

/**
 * A decoder on an onnxruntime session. Sequences take turns one step at a time, in the order in which they ask: none
 * waits for more than one step of each other.
 */
export function createOrtDecoder(parts: OrtDecoderParts): OrtDecoder {
  const { shape, maxSequences } = parts;
  const slots = createSlots(maxSequences, parts.makeCache);
  const opening = createMutex();
  const states = new WeakMap<DecoderSequence, SequenceState>();

  /** Who waits for several caches gets them before anybody behind gets one: two of them never wait for each other. */
  async function takeAll(count: number): Promise<readonly SequenceCache[]> {
    const taken: SequenceCache[] = [];
    try {
      while (taken.length < count) taken.push(await slots.take());
      return taken;
    } catch (error) {
      for (const cache of taken) slots.give(cache);
      throw error;
    }
  }

  async function openWith(count: number, makeContext: () => Promise<Context>): Promise<readonly DecoderSequence[]> {
    if (count > maxSequences) {
      throw new WebplatError('invalid-request', `At most ${maxSequences} sequences can be decoded at once.`);
    }
    const caches = await opening.run(() => takeAll(count));
    let open = count;
    const giveBack = (cache: SequenceCache) => {
      cache.reset();
      slots.give(cache);
    };
    const context = await makeContext().catch((error) => {
      for (const cache of caches) giveBack(cache);
      throw error;
    });
    const leave = (cache: SequenceCache) => {
      giveBack(cache);
      open -= 1;
      if (open === 0) context.dispose();
    };
    return caches.map((cache) => {
      const state: SequenceState = { cache, context, length: 0, open: true };
      const sequence = createSequence(parts, state, { stateOf: (other) => states.get(other), leave });
      states.set(sequence, state);
      return sequence;
    });
  }

  async function contextFor(about: EncoderStates | undefined, encoded: number, feeds: DecoderFeeds): Promise<Context> {
    if (!about) return { ...NO_CONTEXT(), feeds: feeds.own };
    const context = parts.dialect?.context(about) ?? (await computeContext(parts, about, encoded, feeds.cross));
    return { ...context, feeds: { ...context.feeds, ...feeds.own } };
  }

  const withFeeds = (feeds: DecoderFeeds): Decoder => {
    const openAll = async (count: number, about?: EncoderStates) => {
      const encoded = countStates(shape, about);
      return openWith(count, () => contextFor(about, encoded, feeds));
    };
    return { shape, maxSequences, openAll, open: async (about) => only(await openAll(1, about)) };
  };
  return {
    ...withFeeds(UNCHANGED),
    adapted: withFeeds,
    openBlank: async () => only(await openWith(1, async () => parts.dialect?.blank() ?? blankContext(parts))),
    dispose() {
      for (const cache of slots.drain()) cache.dispose();
    },
  };
}

function only<T>([first]: readonly T[]): T {
  if (first === undefined) throw new WebplatError('internal');
  return first;
}

/** Keys and values of states, and the mask of those that count. */
async function computeContext(
  parts: OrtDecoderParts,
  about: EncoderStates,
  states: number,
  feeds: DecoderFeeds['cross'],
): Promise<Context> {
  const { ort, shape, cross } = parts;
  if (!cross) throw new WebplatError('internal');
  const session = fedWith(cross.session(), feeds);
  const cache = await cross.make(states);
  try {
    const computeMs = await fillCross(parts, session, cache, about, states);
    const mask = about.mask ?? new Array<number>(states).fill(1);
    return { ...contextOf(ort, shape, cache, mask), computeMs };
  } catch (error) {
    cache.dispose();
    throw error;
  }
}

async function blankContext({ ort, shape, cross }: OrtDecoderParts): Promise<Context> {
  if (!cross || !shape.encoder) return NO_CONTEXT();
  const { states } = shape.encoder;
  return contextOf(ort, shape, await cross.make(states), new Array<number>(states).fill(1));
}

function contextOf(ort: OrtModule, { encoder }: DecoderShape, cache: CrossCache, mask: readonly number[]): Context {
  const masked = encoder?.masked ? { [CROSS_IO.encoderMask]: int64(ort, mask, [1, mask.length]) } : {};
  return { feeds: { ...cache.feeds(), ...masked }, computeMs: 0, dispose: cache.dispose };
}

export interface SequenceState {
  readonly cache: SequenceCache;
  readonly context: Context;
  length: number;
  open: boolean;
}

interface Surroundings {
  stateOf(sequence: DecoderSequence): SequenceState | undefined;
  leave(cache: SequenceCache): void;
}

function createSequence(parts: OrtDecoderParts, state: SequenceState, { stateOf, leave }: Surroundings) {
  const { shape } = parts;
  const { cache, context } = state;
  const sequence: DecoderSequence = {
    get length() {
      return state.length;
    },
    async advance(tokens, positions) {
      if (!state.open) throw new WebplatError('session-ended');
      const count = countTokens(shape, tokens);
      const requested = state.length + count;
      if (requested > shape.contextTokens) {
        throw new WebplatError('context-overflow', undefined, { requested, quota: shape.contextTokens });
      }
      const asked = { tokens, count, positions: positions ?? [count - 1] };
      const step = await (parts.dialect ? parts.dialect.step(state, asked) : runStep(parts, state, asked));
      state.length = requested;
      const computeMs = step.computeMs + context.computeMs;
      context.computeMs = 0;
      return { ...step, computeMs };
    },
    copyFrom(other) {
      const from = stateOf(other);
      if (!state.open || !from?.open) throw new WebplatError('session-ended');
      if (from.context !== context) throw new WebplatError('internal', 'Sequences are copied that are about the same.');
      if (from === state) return;
      cache.copyFrom(from.cache);
      state.length = from.length;
    },
    close() {
      if (state.open) leave(cache);
      state.open = false;
    },
  };
  return sequence;
}

/** How many tokens were given, in the way that the decoder takes them. */
function countTokens({ embeddings, hidden }: DecoderShape, tokens: NewTokens): number {
  const vectors = tokens instanceof Float32Array;
  const count = vectors ? tokens.length / hidden : tokens.length;
  if (vectors !== Boolean(embeddings) || !Number.isInteger(count) || count === 0) {
    throw new WebplatError('internal', embeddings ? 'Tokens are rows [hidden].' : 'Tokens are ids.');
  }
  return count;
}

export interface Step {
  readonly tokens: NewTokens;
  readonly count: number;
  readonly positions: readonly number[];
}

async function runStep(parts: OrtDecoderParts, state: SequenceState, { tokens, count, positions }: Step) {
  const { ort, session, shape, stepTokens = (given) => given } = parts;
  const { cache, context, length } = state;
  const filled = stepTokens(count, shape.contextTokens - length);
  const total = length + filled;
  cache.makeRoom?.(total);
  const inputs: Record<string, Tensor> = {
    ...(tokens instanceof Float32Array
      ? {
          [DECODER_IO.inputsEmbeds]: new ort.Tensor('float32', fill(tokens, filled * shape.hidden), [
            1,
            filled,
            shape.hidden,
          ]),
        }
      : { [DECODER_IO.inputIds]: int64(ort, [...tokens, ...new Array<number>(filled - count).fill(0)], [1, filled]) }),
    [DECODER_IO.logitPositions]: int64(ort, positions, [positions.length]),
    [DECODER_IO.lastPosition]: new ort.Tensor('int32', Int32Array.of(total - 1), [1]),
    [DECODER_IO.totalTokens]: new ort.Tensor('int32', Int32Array.of(total), [1]),
  };
  const { value, computeMs } = await runInTurn(parts, async () => {
    const results = await session.run(
      { ...inputs, ...context.feeds, ...cache.feeds() },
      { [DECODER_IO.logits]: null, ...cache.fetches() },
    );
    cache.keep(results);
    return results[DECODER_IO.logits]?.data;
  });
  if (!(value instanceof Float32Array)) throw new WebplatError('engine-failed');
  return { logits: value, computeMs };
}

/** Vectors with zeros behind them. */
function fill(vectors: Float32Array, length: number): Float32Array {
  if (vectors.length === length) return vectors;
  const filled = new Float32Array(length);
  filled.set(vectors);
  return filled;
}

const int64 = (ort: OrtModule, values: readonly number[], dims: number[]): Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
