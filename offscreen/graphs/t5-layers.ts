import { activation, addRmsNorm, attention, type Stream } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { linear } from './build/linear.ts';
import { mul, split } from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';
import { cachedAttention } from './cached-attention.ts';
import { crossInput, type StepInputs } from './cross-attention.ts';
import type { Storage } from './graph.ts';
import type { T5Config } from './t5-config.ts';

export interface T5Layer {
  readonly config: T5Config;
  readonly storage: Storage;
  /** Name of the layer, e.g. `encoder.block.0`. */
  readonly name: string;
  /** Added to the products of tokens and tokens: [batch or 1, heads, queries, keys]. */
  readonly bias: Value;
}

export interface T5DecoderLayer extends T5Layer {
  readonly layer: number;
  readonly step: StepInputs;
  /** Added to the products of tokens and states of the encoder: [batch, 1, new tokens, encoder tokens]. */
  readonly crossBias: Value;
}

/** T5's products are not divided by the root of the head size; its initial weights make up for it. */
const SCALE = 1;

/** One layer of T5's encoder (Raffel et al. 2020, arXiv:1910.10683), which normalizes before it computes. */
export function addT5EncoderLayer(g: GraphBuilder, stream: Stream, options: T5Layer): Stream {
  const { config, name, bias } = options;
  const { heads, normEpsilon } = config;
  const before = addRmsNorm(g, stream, `${name}.layer.0.layer_norm`, normEpsilon);
  const inner = heads * config.headSize;
  const projected = inputs(g, before.normed, `${name}.layer.0.SelfAttention`, ['q', 'k', 'v'], options);
  const [query, key, value] = split(g, projected, -1, [inner, inner, inner]);
  if (!query || !key || !value) throw new GraphError('Attention takes queries, keys and values.');
  const { output } = attention(g, query, key, value, { heads, scale: SCALE, bias });
  const delta = outputLayer(g, output, `${name}.layer.0.SelfAttention`, options);
  return addFeedForward(g, { residual: before.sum, delta }, `${name}.layer.1`, options);
}

/** One layer of T5's decoder: tokens see those before them, then the states of the encoder. */
export function addT5DecoderLayer(g: GraphBuilder, stream: Stream, options: T5DecoderLayer): Stream {
  const { config, name, layer, crossBias } = options;
  const { heads, normEpsilon } = config;
  const before = addRmsNorm(g, stream, `${name}.layer.0.layer_norm`, normEpsilon);
  const attended = pastAttention(g, before.normed, options);
  const between = addRmsNorm(g, { residual: before.sum, delta: attended }, `${name}.layer.1.layer_norm`, normEpsilon);
  const cross = `${name}.layer.1.EncDecAttention`;
  const { key, value } = crossInput(g, layer, config);
  const query = inputs(g, between.normed, cross, ['q'], options);
  const { output } = attention(g, query, key, value, { heads, scale: SCALE, bias: crossBias });
  const delta = outputLayer(g, output, cross, options);
  return addFeedForward(g, { residual: between.sum, delta }, `${name}.layer.2`, options);
}

function pastAttention(g: GraphBuilder, input: Value, options: T5DecoderLayer): Value {
  const { config, storage, name, layer, bias, step } = options;
  const { heads, headSize } = config;
  const packed = inputs(g, input, `${name}.layer.0.SelfAttention`, ['q', 'k', 'v'], options);
  const attended = cachedAttention(g, packed, { heads, headSize, layer, step, storage, scale: SCALE, bias });
  return outputLayer(g, attended, `${name}.layer.0.SelfAttention`, options);
}

/** Projections of the same input, side by side: [..., hidden] -> [..., parts * heads * head size]. */
export function inputs(
  g: GraphBuilder,
  input: Value,
  name: string,
  parts: readonly ('q' | 'k' | 'v')[],
  { config, storage }: Pick<T5Layer, 'config' | 'storage'>,
): Value {
  const layers = parts.map((part) => ({ name: `${name}.${part}`, outputs: config.heads * config.headSize }));
  return linear(g, input, { inputs: config.hidden, layers, bias: false }, storage.linear);
}

function outputLayer(g: GraphBuilder, input: Value, name: string, { config, storage }: T5Layer): Value {
  const layers = [{ name: `${name}.o`, outputs: config.hidden }];
  return linear(g, input, { inputs: config.heads * config.headSize, layers, bias: false }, storage.linear);
}

function addFeedForward(g: GraphBuilder, stream: Stream, name: string, { config, storage }: T5Layer): Stream {
  const { sum, normed } = addRmsNorm(g, stream, `${name}.layer_norm`, config.normEpsilon);
  const through = (part: string, value: Value, [from, to]: readonly [number, number]) =>
    linear(
      g,
      value,
      { inputs: from, layers: [{ name: `${name}.DenseReluDense.${part}`, outputs: to }], bias: false },
      storage.linear,
    );
  const up = [config.hidden, config.intermediate] as const;
  const active = activation(g, config.activation, through(config.gated ? 'wi_0' : 'wi', normed, up));
  const wide = config.gated ? mul(g, active, through('wi_1', normed, up)) : active;
  return { residual: sum, delta: through('wo', wide, [config.intermediate, config.hidden]) };
}
