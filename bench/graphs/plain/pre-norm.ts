import type { GraphBuilder } from '../../../offscreen/graphs/build/graph-builder.ts';
import { add, layerNorm } from '../../../offscreen/graphs/build/ops.ts';
import type { Value } from '../../../offscreen/graphs/build/value.ts';
import type { LayerNames } from '../../../offscreen/graphs/encoder-layer.ts';
import type { Shapes } from '../seeded.ts';
import { plainAttention, plainGelu, plainLinear } from './blocks.ts';

export type PreNormNames = LayerNames;

export interface PreNormSizes {
  readonly hidden: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly epsilon: number;
  /** Whether keys have a bias; they do if left out. */
  readonly keyBias?: boolean;
}

/** Parameters of one layer. */
export function preNormShapes(layer: string, names: PreNormNames, sizes: PreNormSizes): Shapes {
  const { hidden, intermediate, keyBias = true } = sizes;
  const shapes: Record<string, readonly number[]> = {};
  const linear = (name: string, outputs: number, inputs: number, bias = true) => {
    shapes[`${layer}.${name}.weight`] = [outputs, inputs];
    if (bias) shapes[`${layer}.${name}.bias`] = [outputs];
  };
  for (const name of [names.attentionNorm, names.feedForwardNorm]) {
    shapes[`${layer}.${name}.weight`] = [hidden];
    shapes[`${layer}.${name}.bias`] = [hidden];
  }
  for (const name of [names.query, names.value, names.output]) linear(name, hidden, hidden);
  linear(names.key, hidden, hidden, keyBias);
  linear(names.up, intermediate, hidden);
  linear(names.down, hidden, intermediate);
  return shapes;
}

/** One layer of a Transformer that normalizes before it computes: [batch, tokens, hidden] -> the same. */
export function plainPreNormLayer(
  g: GraphBuilder,
  input: Value,
  layer: string,
  names: PreNormNames,
  { hidden, heads, intermediate, epsilon, keyBias = true }: PreNormSizes,
): Value {
  const before = layerNorm(g, input, `${layer}.${names.attentionNorm}`, epsilon);
  const project = (name: string, bias = true) => plainLinear(g, before, `${layer}.${name}`, [hidden, hidden], bias);
  const headSize = hidden / heads;
  const parts = [project(names.query), project(names.key, keyBias), project(names.value)] as const;
  const attended = plainAttention(g, parts, { heads, headSize, divisor: Math.sqrt(headSize) });
  const between = add(g, plainLinear(g, attended, `${layer}.${names.output}`, [hidden, hidden]), input);
  const normed = layerNorm(g, between, `${layer}.${names.feedForwardNorm}`, epsilon);
  const up = plainGelu(g, plainLinear(g, normed, `${layer}.${names.up}`, [hidden, intermediate]));
  return add(g, plainLinear(g, up, `${layer}.${names.down}`, [intermediate, hidden]), between);
}
