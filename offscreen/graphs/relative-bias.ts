import type { GraphBuilder } from './build/graph-builder.ts';
import { add, clip, gather, sub, unsqueeze } from './build/ops.ts';
import { derived } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';

/** How T5 counts distances between tokens: near ones each by itself, far ones by their logarithm. */
export interface RelativeBuckets {
  readonly heads: number;
  readonly buckets: number;
  /** Distances from here on are alike. */
  readonly maxDistance: number;
  /** Whether tokens see what comes after them. */
  readonly bothWays: boolean;
}

const { fround } = Math;

/**
 * Bucket of a key `distance` tokens after the query (Raffel et al. 2020, arXiv:1910.10683, section 2.1, and the published code,
 * whose logarithms are float32): half of the buckets for distances one by one, half for the logarithms of those beyond.
 */
function bucketOf(distance: number, { buckets, maxDistance, bothWays }: RelativeBuckets): number {
  const count = bothWays ? buckets / 2 : buckets;
  const first = bothWays && distance > 0 ? count : 0;
  const length = bothWays ? Math.abs(distance) : Math.max(-distance, 0);
  const exact = Math.floor(count / 2);
  if (length < exact) return first + length;
  const share = fround(fround(Math.log(fround(length / exact))) / fround(Math.log(maxDistance / exact)));
  return first + Math.min(count - 1, exact + Math.trunc(fround(share * (count - exact))));
}

/**
 * What each head adds for each distance, [heads, distances], worked out of the parameter `name` [buckets, heads]. Distances go from
 * -maxDistance to maxDistance, or to 0 where tokens do not see what comes after them.
 */
export function distanceTable(g: GraphBuilder, name: string, shape: RelativeBuckets): Value {
  const { heads, buckets, maxDistance, bothWays } = shape;
  const distances = Array.from({ length: maxDistance * (bothWays ? 2 : 1) + 1 }, (_, i) => i - maxDistance);
  const recipe = derived([g.require(name, [buckets, heads])], [heads, distances.length], g.float, (weights) =>
    Float32Array.from({ length: heads * distances.length }, (_, i) => {
      const distance = distances[i % distances.length] ?? 0;
      return weights[bucketOf(distance, shape) * heads + Math.floor(i / distances.length)] ?? 0;
    }),
  );
  const [table] = g.weights(recipe, [`${name}.distances`]);
  if (!table) throw new GraphError('A recipe without a weight.');
  return table;
}

/** The bias of `queries` towards `keys`, both positions, int64 [length]: -> [1, heads, queries, keys]. */
export function relativeBias(
  g: GraphBuilder,
  table: Value,
  { maxDistance, bothWays }: RelativeBuckets,
  { queries, keys }: { readonly queries: Value; readonly keys: Value },
): Value {
  const distance = sub(g, unsqueeze(g, keys, [0]), unsqueeze(g, queries, [1]));
  const [low, high] = [g.integers([-maxDistance], []), g.integers([bothWays ? maxDistance : 0], [])];
  const near = clip(g, distance, low, high);
  return unsqueeze(g, gather(g, table, add(g, near, g.integers([maxDistance])), 1), [0]);
}
