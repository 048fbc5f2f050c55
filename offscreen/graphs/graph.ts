import type { EmittedGraph } from './graph-builder.ts';

/** How linear layers are stored: as they are, or in 4 bits. Everything else stays float32 in both. */
export type Precision = 'fp32' | 'q4';

/** What a decoder graph needs to be run, independent of the family it came from. */
export interface DecoderShape {
  readonly layers: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly vocabularySize: number;
  /** Tokens that positions and caches can hold. */
  readonly contextTokens: number;
}

export interface DecoderGraph extends EmittedGraph {
  readonly shape: DecoderShape;
}

/**
 * Names of a decoder graph's inputs and outputs.
 *
 * `inputIds` int64 [1, new tokens]; `logitPositions` int64 [rows], which of the new tokens get logits; `lastPosition` int32 [1],
 * the position of the last new token; `totalTokens` int32 [1], that plus one; caches float32 [1, keyValueHeads, capacity,
 * headSize], where `past` and `present` of one layer may be the same memory. `logits` float32 [rows, vocabulary].
 */
export const DECODER_IO = {
  inputIds: 'input_ids',
  logitPositions: 'logit_positions',
  lastPosition: 'last_position',
  totalTokens: 'total_tokens',
  logits: 'logits',
  past: (layer: number, part: 'key' | 'value') => `past.${layer}.${part}`,
  present: (layer: number, part: 'key' | 'value') => `present.${layer}.${part}`,
} as const;
