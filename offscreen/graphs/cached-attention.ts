import { groupedAttention } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { reshape, single, slice } from './build/ops.ts';
import type { Value } from './build/value.ts';
import { type HeadSizes, pastInput, type StepInputs } from './cross-attention.ts';
import { DECODER_IO, type Storage } from './graph.ts';

/** Head sizes that the operator with a cache takes are multiples of this. */
const HEAD_MULTIPLE = 8;

/** Size of the heads in a cache: that of the model, filled up with zeros, which change no product of queries and keys. */
export const cachedHeadSize = (headSize: number): number => Math.ceil(headSize / HEAD_MULTIPLE) * HEAD_MULTIPLE;

export interface CachedAttention extends HeadSizes {
  readonly layer: number;
  readonly step: StepInputs;
  readonly storage: Storage;
  /** Factor of the products of queries and keys; 1 / sqrt(head size) if left out. */
  readonly scale?: number;
  /** Added to the products: [1, heads, new tokens, total tokens]. */
  readonly bias?: Value;
}

/**
 * Attention of new tokens to themselves and those before them, whose keys and values are in a cache. `packed` [batch, new tokens,
 * 3 * heads * head size] has queries, keys and values side by side -> [batch, new tokens, heads * head size].
 */
export function cachedAttention(g: GraphBuilder, packed: Value, options: CachedAttention): Value {
  const { heads, headSize, layer, step, storage, scale = headSize ** -0.5, bias } = options;
  const size = cachedHeadSize(headSize);
  // Packed rows are the runtime's own business; their length is told by what is bound.
  const past = pastInput(g, layer, heads, storage.cacheBits ? 'cache_row' : size);
  const present = { key: DECODER_IO.present(layer, 'key'), value: DECODER_IO.present(layer, 'value') };
  const { lastPosition, totalTokens } = step;
  const shape = { heads, keyValueHeads: heads, headSize: size, past, present, lastPosition, totalTokens, scale, bias };
  const attended = groupedAttention(g, resizeHeads(g, packed, 3 * heads, [headSize, size]), undefined, shape);
  g.output(attended.key, present.key);
  g.output(attended.value, present.value);
  return resizeHeads(g, attended.output, heads, [size, headSize]);
}

/** Heads of another size: zeros are put after each, or taken away. */
function resizeHeads(g: GraphBuilder, value: Value, heads: number, [from, to]: readonly [number, number]): Value {
  if (from === to) return value;
  const apart = reshape(g, value, [0, 0, heads, from]);
  const resized = from < to ? fill(g, apart, to - from) : slice(g, apart, -1, 0, to);
  return reshape(g, { ...resized, dims: [...apart.dims.slice(0, -1), to] }, [0, 0, heads * to]);
}

/** `count` zeros after every row of the last of four axes. */
function fill(g: GraphBuilder, value: Value, count: number): Value {
  const pads = g.integers([0, 0, 0, 0, 0, 0, 0, count]);
  return single(g, 'Pad', [value, pads], { element: value.element, dims: value.dims });
}
