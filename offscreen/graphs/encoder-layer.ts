import { activation, addLayerNorm, attention, type Stream } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { type LinearStorage, linear } from './build/linear.ts';
import { add, split } from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';

/** Sizes of the layers of one encoder. */
export interface EncoderShape {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly activation: string;
  readonly normEpsilon: number;
  /** Whether queries, keys and values have biases; they do if left out. */
  readonly inputBias?: boolean;
}

/** Names of the parameters of one layer, after the name of the layer. */
export interface LayerNames {
  readonly attentionNorm: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly feedForwardNorm: string;
  readonly up: string;
  readonly down: string;
}

/** Names of CLIP's layers and those of its relatives. */
export const CLIP_LAYER: LayerNames = {
  attentionNorm: 'layer_norm1',
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  output: 'self_attn.out_proj',
  feedForwardNorm: 'layer_norm2',
  up: 'mlp.fc1',
  down: 'mlp.fc2',
};

export interface EncoderOptions {
  readonly shape: EncoderShape;
  /** Name of the layer, before its parameters. */
  readonly name: string;
  readonly names: LayerNames;
  readonly storage: LinearStorage;
  /** Added to the products of queries and keys: [batch or 1, 1, tokens, tokens]. */
  readonly mask?: Value | undefined;
}

/**
 * One layer of a Transformer that normalizes before it computes (Xiong et al. 2020, arXiv:2002.04745). The stream is
 * [batch, tokens, hidden].
 */
export function addEncoderLayer(g: GraphBuilder, stream: Stream, options: EncoderOptions): Stream {
  const { shape, name, names } = options;
  const before = addLayerNorm(g, stream, `${name}.${names.attentionNorm}`, shape.normEpsilon);
  const attended = selfAttention(g, before.normed, options);
  const between = { residual: before.sum, delta: attended };
  return addFeedForward(g, between, options);
}

/** The second half of a layer: its stream, and what the feed-forward network adds to it. */
export function addFeedForward(g: GraphBuilder, stream: Stream, options: EncoderOptions): Stream {
  const { shape, name, names, storage } = options;
  const { sum, normed } = addLayerNorm(g, stream, `${name}.${names.feedForwardNorm}`, shape.normEpsilon);
  const { hidden, intermediate } = shape;
  const up = oneLinear(g, normed, `${name}.${names.up}`, [hidden, intermediate], storage);
  const active = activation(g, shape.activation, up);
  return { residual: sum, delta: oneLinear(g, active, `${name}.${names.down}`, [intermediate, hidden], storage) };
}

/** Attention of a layer's tokens to each other. */
export function selfAttention(g: GraphBuilder, input: Value, options: EncoderOptions): Value {
  const { shape, name, names, storage, mask } = options;
  const { hidden, heads, inputBias = true } = shape;
  const parts = [names.query, names.key, names.value].map((part) => `${name}.${part}`);
  const [query, key, value] = projections(g, input, parts, hidden, { bias: inputBias, storage });
  if (!query || !key || !value) throw new GraphError('Attention takes queries, keys and values.');
  const { output } = attention(g, query, key, value, { heads, bias: mask });
  return oneLinear(g, output, `${name}.${names.output}`, [hidden, hidden], storage);
}

/** Linear layers of the same input, each [..., hidden]: one product, taken apart after it. */
export function projections(
  g: GraphBuilder,
  input: Value,
  names: readonly string[],
  hidden: number,
  { bias, storage }: { readonly bias: boolean; readonly storage: LinearStorage },
): readonly Value[] {
  const layers = names.map((name) => ({ name, outputs: hidden }));
  const all = linear(g, input, { inputs: hidden, layers, bias }, storage);
  if (names.length === 1) return [all];
  return split(
    g,
    all,
    -1,
    names.map(() => hidden),
  );
}

/** A linear layer with a bias. */
export function oneLinear(
  g: GraphBuilder,
  input: Value,
  name: string,
  [inputs, outputs]: readonly [number, number],
  storage: LinearStorage,
): Value {
  return linear(g, input, { inputs, layers: [{ name, outputs }], bias: true }, storage);
}

/** A stream with what is to be added to it. */
export const sumOf = (g: GraphBuilder, { residual, delta }: Stream): Value =>
  delta ? add(g, residual, delta) : residual;
