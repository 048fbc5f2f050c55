import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { nextMacrotask } from '../../../src/shared/macrotask.ts';
import type { Mutex } from '../../../src/shared/mutex.ts';
import type { ReadBack } from '../../device/read-back.ts';
import { DECODER_IO, type DecoderShape } from '../../graphs/graph.ts';
import type { Decoder, DecoderSequence, StepResult } from '../../tasks/decoder.ts';
import type { SequenceCache } from './caches.ts';
import type { OrtModule } from './runtime.ts';
import { createSlots } from './slots.ts';

export interface OrtDecoderParts {
  readonly ort: OrtModule;
  readonly session: InferenceSession;
  readonly shape: DecoderShape;
  /** Orders everything that touches the runtime, which must never run two things at once. */
  readonly mutex: Mutex;
  readonly readBack: ReadBack;
  readonly maxSequences: number;
  readonly makeCache: () => Promise<SequenceCache>;
  /** What is behind an error of the runtime, where something is. */
  readonly diagnose: () => Promise<WebplatError | undefined>;
}

/**
 * A decoder on an onnxruntime session. Sequences take turns one step at a time, in the order in which they ask: none
 * waits for more than one step of each other.
 */
export function createOrtDecoder(parts: OrtDecoderParts): Decoder {
  const slots = createSlots(parts.maxSequences, parts.makeCache);
  return {
    shape: parts.shape,
    async open() {
      const cache = await slots.take();
      return createSequence(parts, cache, () => {
        cache.reset();
        slots.give(cache);
      });
    },
  };
}

function createSequence(parts: OrtDecoderParts, cache: SequenceCache, giveBack: () => void): DecoderSequence {
  const { mutex, shape } = parts;
  let length = 0;
  let open = true;
  return {
    get length() {
      return length;
    },
    async advance(tokens, positions = [tokens.length - 1]) {
      if (!open) throw new WebplatError('session-ended');
      const requested = length + tokens.length;
      if (requested > shape.contextTokens) {
        throw new WebplatError('context-overflow', undefined, { requested, quota: shape.contextTokens });
      }
      const step = await mutex.run(() => runStep(parts, cache, length, tokens, positions));
      length = requested;
      // The processor's runtime never leaves its task by itself: messages such as an abort get their turn here.
      await nextMacrotask();
      return step;
    },
    close() {
      if (open) giveBack();
      open = false;
    },
  };
}

async function runStep(
  { ort, session, readBack, diagnose }: OrtDecoderParts,
  cache: SequenceCache,
  length: number,
  tokens: readonly number[],
  positions: readonly number[],
): Promise<StepResult> {
  const total = length + tokens.length;
  const int64 = (values: readonly number[], dims: number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  const feeds: Record<string, Tensor> = {
    [DECODER_IO.inputIds]: int64(tokens, [1, tokens.length]),
    [DECODER_IO.logitPositions]: int64(positions, [positions.length]),
    [DECODER_IO.lastPosition]: new ort.Tensor('int32', Int32Array.of(total - 1), [1]),
    [DECODER_IO.totalTokens]: new ort.Tensor('int32', Int32Array.of(total), [1]),
    ...cache.feeds(),
  };
  const start = performance.now();
  const results = await readBack(() => session.run(feeds, { [DECODER_IO.logits]: null, ...cache.fetches() })).catch(
    async () => {
      throw (await diagnose()) ?? new WebplatError('engine-failed');
    },
  );
  const computeMs = performance.now() - start;
  cache.keep(results);
  const logits = results[DECODER_IO.logits]?.data;
  if (!(logits instanceof Float32Array)) throw new WebplatError('engine-failed');
  return { logits, computeMs };
}

/** Tokens of the trial prompt: enough for the kernels that prompts use, which differ from those for one token. */
const TRIAL_TOKENS = 8;

/** Runs a prompt and a token once, so that the device has compiled everything before the first request. */
export async function warmUp(decoder: Decoder): Promise<void> {
  const sequence = await decoder.open();
  try {
    const tokens = Math.min(TRIAL_TOKENS, decoder.shape.contextTokens - 1);
    await sequence.advance(new Array<number>(tokens).fill(0));
    await sequence.advance([0]);
  } finally {
    sequence.close();
  }
}
