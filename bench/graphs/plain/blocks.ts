import type { GraphBuilder } from '../../../offscreen/graphs/build/graph-builder.ts';
import {
  add,
  div,
  matMul,
  mul,
  reshape,
  scale,
  softmax,
  transpose,
  unary,
} from '../../../offscreen/graphs/build/ops.ts';
import { transposed } from '../../../offscreen/graphs/build/recipe.ts';
import { GraphError, type Value } from '../../../offscreen/graphs/build/value.ts';

/** What exporters of PyTorch models write: standard operators alone, one for each step of the model's source. */

/** A linear layer: a product with the transposed weight, and the sum with a bias. */
export function plainLinear(
  g: GraphBuilder,
  input: Value,
  name: string,
  [inputs, outputs]: readonly [number, number],
  bias = true,
): Value {
  const [weight] = g.weights(transposed([g.require(`${name}.weight`, [outputs, inputs])], g.float), [`${name}.weight`]);
  if (!weight) throw new GraphError('A recipe without a weight.');
  const product = matMul(g, input, weight);
  return bias ? add(g, g.param(`${name}.bias`, [outputs]), product) : product;
}

/** x / 2 * (1 + erf(x / sqrt 2)), step by step. */
export function plainGelu(g: GraphBuilder, x: Value): Value {
  const raised = add(g, unary(g, 'Erf', div(g, x, g.scalar(Math.SQRT2))), g.scalar(1));
  return mul(g, mul(g, x, raised), g.scalar(0.5));
}

export interface PlainAttention {
  readonly heads: number;
  readonly headSize: number;
  /** Divides the products of queries and keys; 1 where the model does not. */
  readonly divisor: number;
  /** Added to the products before the softmax. */
  readonly bias?: Value;
}

/** Queries, keys and values [batch, tokens, width] to [batch, tokens, width]: taken apart, multiplied and put together again. */
export function plainAttention(
  g: GraphBuilder,
  [query, key, value]: readonly [Value, Value, Value],
  { heads, headSize, divisor, bias }: PlainAttention,
): Value {
  const apart = (x: Value, perm: readonly number[]) => transpose(g, reshape(g, x, [0, -1, heads, headSize]), perm);
  const products = matMul(g, apart(query, [0, 2, 1, 3]), apart(key, [0, 2, 3, 1]));
  const scaled = divisor === 1 ? products : scale(g, products, 1 / divisor);
  const shares = softmax(g, bias ? add(g, scaled, bias) : scaled);
  const mixed = matMul(g, shares, apart(value, [0, 2, 1, 3]));
  return reshape(g, transpose(g, mixed, [0, 2, 1, 3]), [0, -1, heads * headSize]);
}
