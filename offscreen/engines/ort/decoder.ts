import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { WebplatError } from '../../../src/protocol/errors.ts';
import { DECODER_IO, type DecoderShape } from '../../graphs/graph.ts';
import type { Decoder, DecoderSequence, StepResult } from '../../tasks/decoder.ts';
import type { SequenceCache } from './caches.ts';
import { type RunSetting, runInTurn } from './graph-runner.ts';
import { createSlots } from './slots.ts';

export interface OrtDecoderParts extends RunSetting {
  readonly session: InferenceSession;
  readonly shape: DecoderShape;
  readonly maxSequences: number;
  readonly makeCache: () => Promise<SequenceCache>;
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
  const { shape } = parts;
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
      const step = await runStep(parts, cache, length, tokens, positions);
      length = requested;
      return step;
    },
    close() {
      if (open) giveBack();
      open = false;
    },
  };
}

async function runStep(
  parts: OrtDecoderParts,
  cache: SequenceCache,
  length: number,
  tokens: readonly number[],
  positions: readonly number[],
): Promise<StepResult> {
  const { ort, session } = parts;
  const total = length + tokens.length;
  const int64 = (values: readonly number[], dims: number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  const inputs: Record<string, Tensor> = {
    [DECODER_IO.inputIds]: int64(tokens, [1, tokens.length]),
    [DECODER_IO.logitPositions]: int64(positions, [positions.length]),
    [DECODER_IO.lastPosition]: new ort.Tensor('int32', Int32Array.of(total - 1), [1]),
    [DECODER_IO.totalTokens]: new ort.Tensor('int32', Int32Array.of(total), [1]),
  };
  const { value, computeMs } = await runInTurn(parts, async () => {
    const results = await session.run(
      { ...inputs, ...cache.feeds() },
      { [DECODER_IO.logits]: null, ...cache.fetches() },
    );
    cache.keep(results);
    return results[DECODER_IO.logits]?.data;
  });
  if (!(value instanceof Float32Array)) throw new WebplatError('engine-failed');
  return { logits: value, computeMs };
}
