import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { DECODER_IO, type DecoderGraph, type DecoderShape, type Precision } from './graph.ts';
import { createGraphBuilder, type GraphBuilder, type Value } from './graph-builder.ts';
import { addLinear, concatLinear, type LinearWeights } from './linear.ts';
import { type LlamaConfig, parseLlamaConfig } from './llama-config.ts';

interface Emission {
  readonly graph: GraphBuilder;
  readonly checkpoint: Checkpoint;
  readonly config: LlamaConfig;
  readonly precision: Precision;
}

/** A residual stream and what the last layer wants to add to it; added where the next norm is computed, in one operator. */
interface Stream {
  readonly residual: Value;
  readonly delta: Value;
}

/**
 * Emits the decoder of Touvron et al. 2023 (arXiv:2302.13971) with grouped-query attention as an ONNX graph of fused
 * operators; inputs and outputs are those of {@link DECODER_IO}. Weight names are those of Hugging Face checkpoints.
 */
export function emitLlama(configJson: unknown, checkpoint: Checkpoint, precision: Precision): DecoderGraph {
  const config = parseLlamaConfig(configJson);
  const emission: Emission = { graph: createGraphBuilder('decoder'), checkpoint, config, precision };
  const { graph } = emission;
  addInputs(graph);
  const rotary = addRotaryTables(graph, config);
  const embedding = addEmbedding(emission);
  let stream = addLayer(emission, 0, embedding.hidden, undefined, rotary);
  for (let layer = 1; layer < config.layers; layer += 1) {
    stream = addLayer(emission, layer, stream.residual, stream.delta, rotary);
  }
  addHead(emission, addNorm(emission, 'model.norm', stream.residual, stream.delta).normed, embedding.table);
  return { ...graph.finish(), shape: shapeOf(config) };
}

const shapeOf = (config: LlamaConfig): DecoderShape => ({
  layers: config.layers,
  keyValueHeads: config.keyValueHeads,
  headSize: config.headSize,
  vocabularySize: config.vocabulary,
  contextTokens: config.contextTokens,
});

function addInputs(graph: GraphBuilder): void {
  graph.input(DECODER_IO.inputIds, 'int64', [1, 'new_tokens']);
  graph.input(DECODER_IO.logitPositions, 'int64', ['rows']);
  graph.input(DECODER_IO.lastPosition, 'int32', [1]);
  graph.input(DECODER_IO.totalTokens, 'int32', [1]);
}

interface RotaryTables {
  readonly cos: Value;
  readonly sin: Value;
}

/** cos and sin of position times theta^(-2i / headSize), the half-rotation layout of Su et al. 2021 (arXiv:2104.09864). */
function addRotaryTables(graph: GraphBuilder, config: LlamaConfig): RotaryTables {
  const half = config.headSize / 2;
  const cos = new Float32Array(config.contextTokens * half);
  const sin = new Float32Array(config.contextTokens * half);
  for (let i = 0; i < half; i += 1) {
    // Rounded to float32 where the reference implementation rounds, so that long contexts turn by the same angle.
    const frequency = Math.fround(1 / Math.fround(config.ropeTheta ** Math.fround((2 * i) / config.headSize)));
    for (let position = 0; position < config.contextTokens; position += 1) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  const dims = [config.contextTokens, half];
  return { cos: graph.weight('rotary.cos', cos, dims), sin: graph.weight('rotary.sin', sin, dims) };
}

function addEmbedding({ graph, checkpoint, config }: Emission): { table: Value; hidden: Value } {
  const dims = [config.vocabulary, config.hidden];
  const table = graph.weight('embedding', checkpoint.float32('model.embed_tokens.weight', dims), dims);
  return { table, hidden: graph.node('Gather', 'embedded', [table, DECODER_IO.inputIds]) };
}

/** Adds `delta` to the stream (when there is one) and normalizes the sum. */
function addNorm(
  { graph, checkpoint, config }: Emission,
  name: string,
  residual: Value,
  delta: Value | undefined,
): { sum: Value; normed: Value } {
  const weight = graph.weight(name, checkpoint.float32(`${name}.weight`, [config.hidden]), [config.hidden]);
  const attributes = { epsilon: { float: config.normEpsilon } };
  const normed = `${name}.out`;
  if (delta === undefined) {
    graph.node('SimplifiedLayerNormalization', normed, [residual, weight], { ...attributes, axis: { int: -1 } });
    return { sum: residual, normed };
  }
  const sum = `${name}.sum`;
  graph.contrib('SkipSimplifiedLayerNormalization', name, [residual, delta, weight], [normed, '', '', sum], attributes);
  return { sum, normed };
}

function addLayer(
  emission: Emission,
  layer: number,
  residual: Value,
  delta: Value | undefined,
  rotary: RotaryTables,
): Stream {
  const name = `model.layers.${layer}`;
  const attentionInput = addNorm(emission, `${name}.input_layernorm`, residual, delta);
  const attention = addAttention(emission, layer, attentionInput.normed, rotary);
  const mlpInput = addNorm(emission, `${name}.post_attention_layernorm`, attentionInput.sum, attention);
  return { residual: mlpInput.sum, delta: addMlp(emission, `${name}.mlp`, mlpInput.normed) };
}

/** Queries, keys and values come from one product; rotation, cache update and attention are one operator. */
function addAttention(emission: Emission, layer: number, input: Value, rotary: RotaryTables): Value {
  const { graph, config, precision } = emission;
  const { heads, keyValueHeads, headSize, hidden } = config;
  const name = `model.layers.${layer}.self_attn`;
  const linear = (part: string, outputs: number, inputs: number) =>
    readLinear(emission, `${name}.${part}_proj`, outputs, inputs, config.attentionBias);
  const projections = concatLinear([
    linear('q', heads * headSize, hidden),
    linear('k', keyValueHeads * headSize, hidden),
    linear('v', keyValueHeads * headSize, hidden),
  ]);
  const packed = addLinear(graph, `${name}.qkv_proj`, input, projections, precision);
  const [past, present] = addCaches(graph, layer, config);
  graph.contrib(
    'GroupQueryAttention',
    name,
    [packed, '', '', ...past, DECODER_IO.lastPosition, DECODER_IO.totalTokens, rotary.cos, rotary.sin],
    [`${name}.out`, ...present],
    { num_heads: { int: heads }, kv_num_heads: { int: keyValueHeads }, do_rotary: { int: 1 } },
  );
  return addLinear(graph, `${name}.o_proj`, `${name}.out`, linear('o', hidden, heads * headSize), precision);
}

function addCaches(graph: GraphBuilder, layer: number, { keyValueHeads, headSize }: LlamaConfig): [Value[], Value[]] {
  const parts = ['key', 'value'] as const;
  const past = parts.map((part) => DECODER_IO.past(layer, part));
  const present = parts.map((part) => DECODER_IO.present(layer, part));
  for (const value of past) graph.input(value, 'float32', [1, keyValueHeads, 'past_capacity', headSize]);
  for (const value of present) graph.output(value, 'float32', [1, keyValueHeads, 'present_capacity', headSize]);
  return [past, present];
}

/** down(silu(gate(x)) * up(x)): the gated unit of Shazeer 2020 (arXiv:2002.05202). */
function addMlp(emission: Emission, name: string, input: Value): Value {
  const { graph, config, precision } = emission;
  const linear = (part: string, outputs: number, inputs: number, value: Value) => {
    const layer = readLinear(emission, `${name}.${part}_proj`, outputs, inputs, config.mlpBias);
    return addLinear(graph, `${name}.${part}_proj`, value, layer, precision);
  };
  const gate = linear('gate', config.intermediate, config.hidden, input);
  const up = linear('up', config.intermediate, config.hidden, input);
  const silu = graph.node('Mul', `${name}.silu`, [gate, graph.node('Sigmoid', `${name}.sigmoid`, [gate])]);
  return linear('down', config.hidden, config.intermediate, graph.node('Mul', `${name}.gated`, [silu, up]));
}

/** Logits of the wanted positions only: a prompt needs one row of what may be a very large product. */
function addHead(emission: Emission, hidden: Value, embeddingTable: Value): void {
  const { graph, config, precision } = emission;
  const rows = graph.node('Gather', 'wanted', [hidden, DECODER_IO.logitPositions], { axis: { int: 1 } });
  const flat = graph.node('Reshape', 'wanted.flat', [rows, graph.integers('wanted.shape', [-1, config.hidden])]);
  if (config.tiedHead) {
    graph.node('Gemm', DECODER_IO.logits, [flat, embeddingTable], { transB: { int: 1 } });
  } else {
    const head = readLinear(emission, 'lm_head', config.vocabulary, config.hidden, false);
    const logits = addLinear(graph, 'lm_head', flat, head, precision);
    graph.node('Identity', DECODER_IO.logits, [logits]);
  }
  graph.output(DECODER_IO.logits, 'float32', ['rows', config.vocabulary]);
}

function readLinear(
  { checkpoint }: Emission,
  name: string,
  outputs: number,
  inputs: number,
  bias: boolean,
): LinearWeights {
  const weight = checkpoint.float32(`${name}.weight`, [outputs, inputs]);
  return { weight, outputs, inputs, ...(bias && { bias: checkpoint.float32(`${name}.bias`, [outputs]) }) };
}
