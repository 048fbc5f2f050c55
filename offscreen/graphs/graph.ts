import type { Precision } from '../../src/protocol/hardware-names.ts';
import type { AdaptedLayers } from './build/adapted.ts';
import type { EmittedGraph } from './build/graph-builder.ts';
import type { LinearStorage } from './build/linear.ts';
import type { Float } from './build/value.ts';

/** How the weights of a graph are stored, and what it computes in. */
export interface Storage {
  readonly float: Float;
  readonly linear: LinearStorage;
  /** The layers at the ends, where an error is added to every token alike: kept as they are, or in 8 bits. */
  readonly ends: LinearStorage;
  /** Tokens that positions and caches hold, where that is less than the model could. */
  readonly contextTokens?: number | undefined;
  /** Bits of the runtime's own packed caches of keys and values; the graph's floats, if left out. */
  readonly cacheBits?: 8 | undefined;
  /**
   * Keeps to operators that WebNN has (https://www.w3.org/TR/webnn/), all of whose sizes can be fixed: attention with a cache is
   * written out over a cache of fixed capacity, in place of one fused operator whose cache grows.
   */
  readonly standard?: true | undefined;
  /** Linear layers that adapters change at every run. Weights are the same with and without. */
  readonly adapted?: AdaptedLayers | undefined;
}

export interface StorageOptions {
  /** Whether the device computes in binary16. */
  readonly half?: boolean;
  /** Columns of a quantized block in the graph; 32 has the fastest kernels, 128 takes least memory. */
  readonly blockSize?: 32 | 128;
  /** Quantizes the ends too, where a model would not fit otherwise. */
  readonly endBits?: 4 | 8;
}

/** What runs once a request keeps its exactness up to so many bytes as float32. */
export const EXACT_BYTES = 2 ** 30;

/** What a name of {@link Precision} means. */
export function storageOf(
  precision: Precision,
  { half = false, blockSize = 32, endBits }: StorageOptions = {},
): Storage {
  if (precision === 'fp32') return { float: 'float32', linear: 'float', ends: 'float' };
  if (precision === 'fp16') return { float: 'float16', linear: 'float', ends: 'float' };
  const bits = precision === 'q4' ? 4 : 8;
  return {
    float: half ? 'float16' : 'float32',
    linear: { bits, blockSize },
    ends: endBits ? { bits: endBits, blockSize } : 'float',
  };
}

/** What a decoder graph needs to be run, independent of the family it came from. */
export interface DecoderShape {
  readonly layers: number;
  /** Width of the stream between layers. */
  readonly hidden: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly vocabularySize: number;
  /** Tokens that positions and caches can hold. */
  readonly contextTokens: number;
  /** Set where new tokens are given as vectors [hidden], not as ids. */
  readonly embeddings?: true;
  /** Set where every layer attends to states of an encoder too. */
  readonly encoder?: CrossShape;
}

/** What a decoder takes of an encoder; its heads are as many as those of the decoder's caches. */
export interface CrossShape {
  /** States that one text or recording has at most. */
  readonly states: number;
  /** Width of a state. */
  readonly hidden: number;
  /** Size of the heads of keys and values made of states, which are not filled up. */
  readonly headSize: number;
  /** Whether states can be left out by a mask. */
  readonly masked: boolean;
}

export interface DecoderGraph extends EmittedGraph {
  readonly shape: DecoderShape;
  /** The same decoder in pieces, where it can be run layer by layer. */
  readonly pieces?: () => DecoderPieces;
}

/**
 * A decoder as graphs that are run one after the other, {@link PIECE_IO} between them, so that no more than one layer has to be in
 * memory. All weights are inputs by the names that they have in the parts of the whole graph; those of other layers are fed in
 * the place of the first one's.
 */
export interface DecoderPieces {
  /** From ids, or vectors in their place, to states. */
  readonly embedding: EmittedGraph;
  /** From states to states: the first layer, which stands for all. */
  readonly layer: EmittedGraph;
  /** From states to logits. */
  readonly head: EmittedGraph;
}

/** States between pieces: [1, new tokens, hidden] in the graph's float type. */
export const PIECE_IO = { states: 'states', nextStates: 'next_states' } as const;

/**
 * Names of a decoder graph's inputs and outputs.
 *
 * `inputIds` int64 [1, new tokens], or `inputsEmbeds` float32 [1, new tokens, hidden] in their place; `logitPositions` int64
 * [rows], which of the new tokens get logits; `lastPosition` int32 [1], the position of the last new token; `totalTokens` int32
 * [1], that plus one; caches [1, keyValueHeads, capacity, headSize] in the graph's float type, where `past` and `present` of one
 * layer may be the same memory. `logits` float32 [rows, vocabulary].
 */
export const DECODER_IO = {
  inputIds: 'input_ids',
  inputsEmbeds: 'inputs_embeds',
  logitPositions: 'logit_positions',
  lastPosition: 'last_position',
  totalTokens: 'total_tokens',
  logits: 'logits',
  past: (layer: number, part: 'key' | 'value') => `past.${layer}.${part}`,
  present: (layer: number, part: 'key' | 'value') => `present.${layer}.${part}`,
} as const;
