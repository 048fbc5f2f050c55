import { biasOf, compare, rangeOf } from '../masks.ts';
import type { GroupedAttentionOptions } from './fused.ts';
import type { GraphBuilder } from './graph-builder.ts';
import {
  add,
  cast,
  clip,
  gather,
  matMul,
  reshape,
  scale,
  single,
  sizeOf,
  softmax,
  split,
  sub,
  transpose,
  unsqueeze,
} from './ops.ts';
import { GraphError, type Value } from './value.ts';

/**
 * Grouped-query attention with its cache in standard operators, for backends that have no fused one and fix every size.
 *
 * `past` and `present` are [1, keyValueHeads, capacity, headSize], of one capacity: rows of new tokens replace those from their
 * first position on, and every row at and before a token's own position counts. What lies behind the last token is never seen,
 * so that tokens may be filled up to a fixed number and the caches with anything finite.
 */
export function standardAttention(
  g: GraphBuilder,
  query: Value,
  keyValue: { readonly key: Value; readonly value: Value } | undefined,
  {
    heads,
    keyValueHeads,
    headSize,
    past,
    present,
    totalTokens,
    rotary,
    window,
    bias,
    ...options
  }: GroupedAttentionOptions,
): { readonly output: Value; readonly key: Value; readonly value: Value } {
  if (rotary) throw new GraphError('Heads are rotated before.');
  const widths = [heads, keyValueHeads, keyValueHeads].map((count) => count * headSize);
  const [queries, keys, values] = keyValue ? [query, keyValue.key, keyValue.value] : split(g, query, -1, widths);
  if (!queries || !keys || !values) throw new GraphError('Attention takes queries, keys and values.');
  const first = sub(g, cast(g, totalTokens, 'int64'), sizeOf(g, queries, 1));
  const own = unsqueeze(g, add(g, rangeOf(g, queries, 1), first), [1]);
  const places = rangeOf(g, past.key, 2);
  const write = (old: Value, added: Value, name: string) =>
    writeRows(g, old, headsApart(g, added, keyValueHeads, headSize), { first, places, name });
  const [key, value] = [write(past.key, keys, present.key), write(past.value, values, present.value)];
  const grouped = (rows: Value) => (heads === keyValueHeads ? rows : reshape(g, rows, [0, keyValueHeads, -1, 0]));
  const apart = (rows: Value) => (heads === keyValueHeads ? rows : reshape(g, rows, [0, heads, -1, 0]));
  const scaled = scale(g, headsApart(g, queries, heads, headSize), options.scale ?? headSize ** -0.5);
  const products = apart(matMul(g, grouped(scaled), transpose(g, key, [0, 1, 3, 2])));
  const biased = add(g, bias ? add(g, products, bias) : products, sightBias(g, own, unsqueeze(g, places, [0]), window));
  const attended = transpose(g, apart(matMul(g, grouped(softmax(g, biased)), value)), [0, 2, 1, 3]);
  const output = reshape(g, attended, [0, 0, heads * headSize]);
  return { output: { ...output, dims: [...query.dims.slice(0, -1), heads * headSize] }, key, value };
}

/** [batch, tokens, heads * headSize] -> [batch, heads, tokens, headSize] */
const headsApart = (g: GraphBuilder, value: Value, heads: number, headSize: number): Value =>
  transpose(g, reshape(g, value, [0, 0, heads, headSize]), [0, 2, 1, 3]);

interface Rows {
  /** int64 [1]: place of the first new row. */
  readonly first: Value;
  /** int64 [capacity]: 0, 1, ... */
  readonly places: Value;
  /** Name of the result. */
  readonly name: string;
}

/** `old` [batch, heads, capacity, size] with `added` [batch, heads, rows, size] from `first` on. */
function writeRows(g: GraphBuilder, old: Value, added: Value, { first, places, name }: Rows): Value {
  const distance = sub(g, places, first);
  const zero = g.integers([0], []);
  const last = sub(g, sizeOf(g, added, 2), g.integers([1]));
  const nearest = clip(g, distance, zero, last);
  const spread = gather(g, added, nearest, 2);
  const written = unsqueeze(g, compare(g, 'LessOrEqual', zero, distance), [1]);
  return single(g, 'Where', [written, spread, old], { element: old.element, dims: old.dims, name });
}

/** What each query at its `own` place, int64 [queries, 1], sees of `places`, [1, capacity]: -> [queries, capacity]. */
function sightBias(g: GraphBuilder, own: Value, places: Value, window: number | undefined): Value {
  const before = compare(g, 'LessOrEqual', places, own);
  if (window === undefined) return biasOf(g, before);
  const near = compare(g, 'Greater', places, sub(g, own, g.integers([window], [])));
  return biasOf(g, single(g, 'And', [before, near], { element: 'bool', dims: before.dims }));
}
