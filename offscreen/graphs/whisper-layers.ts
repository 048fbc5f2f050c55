import { adapted } from './build/adapted.ts';
import { addLayerNorm, attention, type Stream } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { productOf } from './build/linear.ts';
import { add, split } from './build/ops.ts';
import { derived } from './build/recipe.ts';
import { GraphError, type Value } from './build/value.ts';
import { cachedAttention } from './cached-attention.ts';
import { crossInput, type HeadSizes, type StepInputs } from './cross-attention.ts';
import { addFeedForward, type EncoderShape, type LayerNames, oneLinear } from './encoder-layer.ts';
import type { Storage } from './graph.ts';

/** Names of Whisper's layers; its decoder has a second attention after the first. */
const WHISPER_LAYER: LayerNames = {
  attentionNorm: 'self_attn_layer_norm',
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  output: 'self_attn.out_proj',
  feedForwardNorm: 'final_layer_norm',
  up: 'fc1',
  down: 'fc2',
};

export interface WhisperLayer {
  readonly shape: EncoderShape;
  readonly storage: Storage;
  /** Name of the layer, e.g. `model.encoder.layers.0`. */
  readonly name: string;
}

export interface WhisperDecoderLayer extends WhisperLayer {
  readonly layer: number;
  readonly step: StepInputs;
}

export const headsOf = ({ heads, hidden }: EncoderShape): HeadSizes => ({ heads, headSize: hidden / heads });

/** One layer of Whisper's encoder (Radford et al. 2022, arXiv:2212.04356), which normalizes before it computes. */
export function addWhisperEncoderLayer(g: GraphBuilder, stream: Stream, options: WhisperLayer): Stream {
  const { shape, name } = options;
  const before = addLayerNorm(g, stream, `${name}.self_attn_layer_norm`, shape.normEpsilon);
  const projected = whisperInputs(g, before.normed, `${name}.self_attn`, ['q', 'k', 'v'], options);
  const [query, key, value] = split(g, projected, -1, [shape.hidden, shape.hidden, shape.hidden]);
  if (!query || !key || !value) throw new GraphError('Attention takes queries, keys and values.');
  const { output } = attention(g, query, key, value, { heads: shape.heads });
  return feedForward(g, { residual: before.sum, delta: outputLayer(g, output, `${name}.self_attn`, options) }, options);
}

/** One layer of Whisper's decoder: tokens see those before them, then all states of the encoder. */
export function addWhisperDecoderLayer(g: GraphBuilder, stream: Stream, options: WhisperDecoderLayer): Stream {
  const { shape, name, layer } = options;
  const before = addLayerNorm(g, stream, `${name}.self_attn_layer_norm`, shape.normEpsilon);
  const attended = { residual: before.sum, delta: pastAttention(g, before.normed, options) };
  const between = addLayerNorm(g, attended, `${name}.encoder_attn_layer_norm`, shape.normEpsilon);
  const query = whisperInputs(g, between.normed, `${name}.encoder_attn`, ['q'], options);
  const { key, value } = crossInput(g, layer, headsOf(shape));
  const { output } = attention(g, query, key, value, { heads: shape.heads });
  const delta = outputLayer(g, output, `${name}.encoder_attn`, options);
  return feedForward(g, { residual: between.sum, delta }, options);
}

function pastAttention(g: GraphBuilder, input: Value, options: WhisperDecoderLayer): Value {
  const { shape, storage, name, layer, step } = options;
  const packed = whisperInputs(g, input, `${name}.self_attn`, ['q', 'k', 'v'], options);
  const attended = cachedAttention(g, packed, { ...headsOf(shape), layer, step, storage });
  return outputLayer(g, attended, `${name}.self_attn`, options);
}

/** Projections of the same input, side by side: [..., hidden] -> [..., parts * hidden]. Keys have no bias. */
export function whisperInputs(
  g: GraphBuilder,
  input: Value,
  name: string,
  parts: readonly ('q' | 'k' | 'v')[],
  { shape: { hidden }, storage }: Pick<WhisperLayer, 'shape' | 'storage'>,
): Value {
  const names = parts.map((part) => `${name}.${part}_proj`);
  const all = names.join('+');
  const weights = names.map((part) => g.require(`${part}.weight`, [hidden, hidden]));
  const product = productOf(g, all, input, weights, storage.linear);
  const biased = parts.flatMap((part, at) => (part === 'k' ? [] : [{ part: `${names[at]}.bias`, at }]));
  const recipe = derived(
    biased.map(({ part }) => g.require(part, [hidden])),
    [parts.length * hidden],
    g.float,
    (...biases) => {
      const side = new Float32Array(parts.length * hidden);
      for (const [i, { at }] of biased.entries()) side.set(biases[i] ?? [], at * hidden);
      return side;
    },
  );
  const [bias] = g.weights(recipe, [`${all}.bias`]);
  if (!bias) throw new GraphError('A recipe without a weight.');
  const layers = names.map((part) => ({ name: part, outputs: hidden }));
  return adapted(g, input, add(g, product, bias), { inputs: hidden, layers });
}

function outputLayer(g: GraphBuilder, input: Value, name: string, { shape, storage }: WhisperLayer): Value {
  return oneLinear(g, input, `${name}.out_proj`, [shape.hidden, shape.hidden], storage.linear);
}

function feedForward(g: GraphBuilder, stream: Stream, { shape, name, storage }: WhisperLayer): Stream {
  return addFeedForward(g, stream, { shape, name, names: WHISPER_LAYER, storage: storage.linear });
}
