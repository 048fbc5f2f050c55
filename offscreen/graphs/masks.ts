import type { GraphBuilder } from './build/graph-builder.ts';
import { cast, expand, single, sizeOf, squeeze, unsqueeze, where } from './build/ops.ts';
import { broadcast } from './build/shapes.ts';
import type { Value } from './build/value.ts';

/**
 * What keeps a key out of a softmax. Two of them still fit into binary16, and a row of nothing else stays finite; minus
 * infinity would make it NaN.
 */
const FAR = -30_000;

/** 0, 1, ... up to the length of one axis of `a`, int64. */
export function rangeOf(g: GraphBuilder, a: Value, axis: number): Value {
  const length = sizeOf(g, a, axis);
  const [zero, one] = [g.integers([0], []), g.integers([1], [])];
  const dims = [a.dims.at(axis) ?? 1];
  return single(g, 'Range', [zero, squeeze(g, length, [0]), one], { element: 'int64', dims });
}

type Comparison = 'Equal' | 'LessOrEqual' | 'Greater';

/** Element-wise comparison of numbers of one type -> bool. */
export function compare(g: GraphBuilder, op: Comparison, a: Value, b: Value): Value {
  return single(g, op, [a, b], { element: 'bool', dims: broadcast(a.dims, b.dims) });
}

/** bool -> 0 where it holds and far below everywhere else, to be added to products of queries and keys. */
export function biasOf(g: GraphBuilder, allowed: Value): Value {
  return where(g, allowed, g.scalar(0), g.scalar(FAR));
}

/**
 * The bias of attention among tokens of which every one sees itself and those before it, as far as `mask`, int64
 * [batch, tokens], has a 1 -> [batch, 1, tokens, tokens]. Given as a bias, because attention of the GPU has no causal variant.
 */
export function causalBias(g: GraphBuilder, mask: Value): Value {
  const places = rangeOf(g, mask, 1);
  const before = compare(g, 'LessOrEqual', unsqueeze(g, places, [0]), unsqueeze(g, places, [1]));
  const kept = unsqueeze(g, cast(g, mask, 'bool'), [1, 2]);
  const allowed = single(g, 'And', [before, kept], { element: 'bool', dims: broadcast(before.dims, kept.dims) });
  return biasOf(g, allowed);
}

/** The same keys for each of `queries`, int64 [1]: bool [batch, keys] -> bias [batch, 1, queries, keys]. */
export function keyBias(g: GraphBuilder, allowed: Value, queries: Value, count: Value['dims'][number]): Value {
  const bias = unsqueeze(g, biasOf(g, allowed), [1, 2]);
  const shape = single(
    g,
    'Concat',
    [sizeOf(g, bias, 0), g.integers([1]), queries, sizeOf(g, bias, 3)],
    {
      element: 'int64',
      dims: [4],
    },
    { attributes: { axis: { int: 0 } } },
  );
  return expand(g, bias, shape, [bias.dims[0] ?? 1, 1, count, bias.dims[3] ?? 1]);
}
