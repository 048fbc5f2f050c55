import type { GraphBuilder } from './build/graph-builder.ts';
import { add, cast, reshape, sizeOf, split, sub, transpose } from './build/ops.ts';
import { type Dimension, GraphError, type Value } from './build/value.ts';
import { DECODER_IO } from './graph.ts';
import { rangeOf } from './masks.ts';

/**
 * Names of what passes from an encoder to its decoder, besides those of `DECODER_IO`: states of the encoder float32
 * [batch, encoder tokens, hidden], its mask int64 [batch, encoder tokens], and for each layer of the decoder the keys and values
 * of these states, [batch, heads, encoder tokens, head size] in the graph's float type, which are computed once a text.
 */
export const CROSS_IO = {
  encoderStates: 'encoder_hidden_states',
  encoderMask: 'encoder_attention_mask',
  keyValue: (layer: number, part: 'key' | 'value') => `cross.${layer}.${part}`,
} as const;

export interface HeadSizes {
  readonly heads: number;
  readonly headSize: number;
}

export interface KeyValue {
  readonly key: Value;
  readonly value: Value;
}

/** Keys and values side by side, [batch, tokens, 2 * heads * head size], as outputs for a decoder's layer. */
export function outputCrossKeyValue(g: GraphBuilder, both: Value, layer: number, { heads, headSize }: HeadSizes): void {
  const apart = transpose(g, reshape(g, both, [0, 0, 2 * heads, headSize]), [0, 2, 1, 3]);
  const [key, value] = split(g, apart, 1, [heads, heads]);
  if (!key || !value) throw new GraphError('Keys and values are two.');
  g.output(key, CROSS_IO.keyValue(layer, 'key'));
  g.output(value, CROSS_IO.keyValue(layer, 'value'));
}

/** Keys and values of the encoder's states, which a decoder's layer is given. */
export function crossInput(g: GraphBuilder, layer: number, { heads, headSize }: HeadSizes): KeyValue {
  const input = (part: 'key' | 'value') =>
    g.input(CROSS_IO.keyValue(layer, part), g.float, ['batch', heads, 'encoder_tokens', headSize]);
  return { key: input('key'), value: input('value') };
}

/** Keys and values of earlier tokens, which a decoder's layer is given. */
export function pastInput(g: GraphBuilder, layer: number, heads: number, row: Dimension): KeyValue {
  const input = (part: 'key' | 'value') =>
    g.input(DECODER_IO.past(layer, part), g.float, ['batch', heads, 'past_capacity', row]);
  return { key: input('key'), value: input('value') };
}

/** What tells a decoder which tokens it is given; see `DECODER_IO`. */
export interface StepInputs {
  /** int64 [batch, new tokens] */
  readonly ids: Value;
  /** int64 [rows] */
  readonly logitPositions: Value;
  /** int32 [batch] */
  readonly lastPosition: Value;
  /** int32 [1] */
  readonly totalTokens: Value;
}

export function stepInputs(g: GraphBuilder): StepInputs {
  return {
    ids: g.input(DECODER_IO.inputIds, 'int64', ['batch', 'new_tokens']),
    logitPositions: g.input(DECODER_IO.logitPositions, 'int64', ['rows']),
    lastPosition: g.input(DECODER_IO.lastPosition, 'int32', ['batch']),
    totalTokens: g.input(DECODER_IO.totalTokens, 'int32', [1]),
  };
}

/** Places of the new tokens among all of their text: int64 [new tokens]. */
export function newPositions(g: GraphBuilder, { ids, totalTokens }: StepInputs): Value {
  const first = sub(g, cast(g, totalTokens, 'int64'), sizeOf(g, ids, 1));
  return add(g, rangeOf(g, ids, 1), first);
}
