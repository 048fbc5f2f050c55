import { activation, attention } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import type { LinearStorage } from './build/linear.ts';
import { add } from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';
import type { DetrShape } from './detr-config.ts';
import { oneLinear, projections } from './encoder-layer.ts';
import { normOfSum } from './post-norm-layer.ts';

/** Added to variances of layer norms. */
const NORM_EPSILON = 1e-5;

/** Vectors and where they are, which queries and keys are made of together, values without: [batch, places, hidden]. */
export interface Placed {
  readonly states: Value;
  readonly positions: Value;
}

export interface DetrLayer {
  readonly shape: DetrShape;
  /** Name of the layer, before its parameters. */
  readonly name: string;
  readonly storage: LinearStorage;
}

export const placedSum = (g: GraphBuilder, { states, positions }: Placed): Value => add(g, states, positions);

/** One layer of the encoder: places look at each other, as far as `mask` [batch, 1, places, places] lets them. */
export function addEncoderLayer(g: GraphBuilder, places: Placed, layer: DetrLayer, mask: Value): Value {
  const attended = lookAround(g, places, layer, mask);
  return addFeedForward(g, normed(g, places.states, attended, layer, 'self_attn_layer_norm'), layer);
}

/**
 * One layer of the decoder: objects look at each other, then at the places of the image. `image` is what keys are made of,
 * positions included, and what values are; `mask` is [batch, 1, objects, places].
 */
export function addDecoderLayer(
  g: GraphBuilder,
  objects: Placed,
  image: { readonly keys: Value; readonly values: Value },
  layer: DetrLayer,
  mask: Value,
): Value {
  const { shape, name, storage } = layer;
  const states = normed(g, objects.states, lookAround(g, objects, layer), layer, 'self_attn_layer_norm');
  const options = { bias: true, storage };
  const part = (kind: string) => [`${name}.encoder_attn.${kind}_proj`];
  const asking = placedSum(g, { states, positions: objects.positions });
  const [query] = projections(g, asking, part('q'), shape.hidden, options);
  const [key] = projections(g, image.keys, part('k'), shape.hidden, options);
  const [value] = projections(g, image.values, part('v'), shape.hidden, options);
  const seen = attend(g, [query, key, value], `${name}.encoder_attn`, layer, mask);
  return addFeedForward(g, normed(g, states, seen, layer, 'encoder_attn_layer_norm'), layer);
}

/** Queries and keys know where they are and come from one product; values do not. */
function lookAround(g: GraphBuilder, placed: Placed, layer: DetrLayer, mask?: Value): Value {
  const { shape, name, storage } = layer;
  const part = (kind: string) => `${name}.self_attn.${kind}_proj`;
  const options = { bias: true, storage };
  const [query, key] = projections(g, placedSum(g, placed), [part('q'), part('k')], shape.hidden, options);
  const [value] = projections(g, placed.states, [part('v')], shape.hidden, options);
  return attend(g, [query, key, value], `${name}.self_attn`, layer, mask);
}

function attend(
  g: GraphBuilder,
  [query, key, value]: readonly (Value | undefined)[],
  name: string,
  { shape, storage }: DetrLayer,
  mask: Value | undefined,
): Value {
  if (!query || !key || !value) throw new GraphError('Attention takes queries, keys and values.');
  const { output } = attention(g, query, key, value, { heads: shape.heads, bias: mask });
  return oneLinear(g, output, `${name}.out_proj`, [shape.hidden, shape.hidden], storage);
}

function addFeedForward(g: GraphBuilder, input: Value, layer: DetrLayer): Value {
  const { shape, name, storage } = layer;
  const up = oneLinear(g, input, `${name}.fc1`, [shape.hidden, shape.intermediate], storage);
  const active = activation(g, shape.activation, up);
  const down = oneLinear(g, active, `${name}.fc2`, [shape.intermediate, shape.hidden], storage);
  return normed(g, input, down, layer, 'final_layer_norm');
}

const normed = (g: GraphBuilder, residual: Value, delta: Value, { name }: DetrLayer, norm: string): Value =>
  normOfSum(g, { residual, delta }, `${name}.${norm}`, NORM_EPSILON);
