import { WebplatError } from '../../src/protocol/errors.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import type { Decoder, DecoderSequence, EncoderStates, NewTokens } from './decoder.ts';
import type { Graph, GraphEvents } from './graph.ts';

/**
 * Running models token by token, and nothing else: what goes in are ids and features, what chooses a token is the caller's. The
 * time that is reported to `onCompute` grows from 0 over the whole of a function.
 */

/** Chooses the next token by the logits [vocabulary] after those `generated` so far; undefined ends the text. */
export type ChooseToken = (logits: Float32Array, generated: readonly number[]) => number | undefined;

export interface DecodeOptions {
  readonly maxNewTokens: number;
  readonly choose: ChooseToken;
}

export interface ComputeSum {
  /** Events for one part of the work, whose time may grow while it runs. */
  part(): GraphEvents;
  add(computeMs: number): void;
}

/** Adds up the times of parts of some work for `events`. */
export function sumCompute(events: GraphEvents): ComputeSum {
  let total = 0;
  const add = (computeMs: number) => {
    total += computeMs;
    events.onCompute(total);
  };
  return {
    add,
    part() {
      let reported = 0;
      return {
        signal: events.signal,
        onCompute(computeMs) {
          add(computeMs - reported);
          reported = computeMs;
        },
      };
    },
  };
}

/**
 * Runs an encoder on the inputs of one text or recording, batch 1.
 *
 * @returns its `last_hidden_state`, under the `attention_mask` that it was given, if any
 */
export async function encode(encoder: Graph, inputs: TensorMap, events: GraphEvents): Promise<EncoderStates> {
  const { attention_mask: given } = inputs;
  const mask = given && Array.from(new BigInt64Array(given.data), Number);
  const { last_hidden_state: states } = await encoder.run(inputs, events);
  if (states?.dtype !== 'float32' || states.dims[0] !== 1) throw new WebplatError('internal');
  return { values: new Float32Array(states.data), ...(mask && { mask }) };
}

/**
 * Goes on with a sequence after `prompt` until nothing is chosen, `maxNewTokens` are, or the context is full.
 *
 * @returns the new tokens, one that ended the text not among them
 * @throws WebplatError `context-overflow` for a prompt that leaves no room for a token
 */
export async function decode(
  { shape }: Decoder,
  sequence: DecoderSequence,
  prompt: NewTokens,
  { maxNewTokens, choose }: DecodeOptions,
  events: GraphEvents,
): Promise<readonly number[]> {
  const { add } = sumCompute(events);
  const generated: number[] = [];
  let input = prompt;
  while (generated.length < maxNewTokens) {
    events.signal.throwIfAborted();
    const { logits, computeMs } = await sequence.advance(input);
    add(computeMs);
    events.signal.throwIfAborted();
    const token = choose(logits, generated);
    if (token === undefined) break;
    generated.push(token);
    if (sequence.length >= shape.contextTokens) break;
    input = [token];
  }
  return generated;
}
