import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { embedding } from './build/embedding.ts';
import { activation, addLayerNorm, type Stream } from './build/fused.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { add, cast, conv, gather, transpose } from './build/ops.ts';
import type { Value } from './build/value.ts';
import { cachedHeadSize } from './cached-attention.ts';
import { CROSS_IO, newPositions, outputCrossKeyValue, type StepInputs, stepInputs } from './cross-attention.ts';
import { DECODER_IO, type DecoderGraph, type Storage } from './graph.ts';
import { outputFloats } from './joint-space.ts';
import { vocabularyLogits } from './tied-head.ts';
import { parseWhisperConfig, type WhisperConfig } from './whisper-config.ts';
import { addWhisperDecoderLayer, addWhisperEncoderLayer, headsOf, whisperInputs } from './whisper-layers.ts';

/**
 * The encoder of Whisper (Radford et al. 2022, arXiv:2212.04356). Input `input_features` float32 [batch, mel bins, frames], of
 * as many frames as 30 seconds have; output `last_hidden_state` float32 [batch, frames / 2, hidden].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitWhisperEncoder(json: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const config = parseWhisperConfig(json);
  const g = createGraphBuilder({ name: 'whisper-encoder', params, storage });
  const prefix = `${prefixOf(g)}encoder`;
  const features = g.input('input_features', 'float32', ['batch', config.melBins, 2 * config.states]);
  const shape = config.encoder;
  let stream: Stream = { residual: g.part('embedding', () => embedFrames(g, config, prefix, features)) };
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const before = stream;
    const options = { shape, storage, name: `${prefix}.layers.${layer}` };
    stream = g.part(`layer.${layer}`, () => addWhisperEncoderLayer(g, before, options));
  }
  const last = stream;
  const { normed } = g.part('head', () => addLayerNorm(g, last, `${prefix}.layer_norm`, shape.normEpsilon));
  outputFloats(g, normed, 'last_hidden_state');
  return g.finish();
}

/**
 * Keys and values of the encoder's states for every layer of Whisper's decoder, computed once a recording. Input
 * `encoder_hidden_states` float32 [batch, frames / 2, hidden]; outputs as in {@link CROSS_IO}.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitWhisperCross(json: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const config = parseWhisperConfig(json);
  const { decoder: shape } = config;
  const g = createGraphBuilder({ name: 'whisper-cross', params, storage });
  const input = g.input(CROSS_IO.encoderStates, 'float32', ['batch', config.states, shape.hidden]);
  const states = cast(g, input, g.float);
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const name = `${prefixOf(g)}decoder.layers.${layer}.encoder_attn`;
    g.part(`layer.${layer}`, () => {
      const both = whisperInputs(g, states, name, ['k', 'v'], { shape, storage });
      outputCrossKeyValue(g, both, layer, headsOf(shape));
    });
  }
  return g.finish();
}

/**
 * The decoder of Whisper. Inputs and outputs as in `DECODER_IO`, for a batch of texts of one length, and the keys and values of
 * {@link CROSS_IO}; `logits` float32 [batch * rows, vocabulary].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitWhisperDecoder(json: unknown, params: ParamTable, storage: Storage): DecoderGraph {
  const config = parseWhisperConfig(json);
  const { decoder: shape, vocabulary, contextTokens } = config;
  const g = createGraphBuilder({ name: 'whisper-decoder', params, storage });
  const prefix = `${prefixOf(g)}decoder`;
  const step = stepInputs(g);
  const embedded = g.part('embedding', () =>
    embedding(g, `${prefix}.embed_tokens.weight`, [vocabulary, shape.hidden], step.ids, storage.ends),
  );
  const placed = g.part('embedding', () => {
    const table = g.param(`${prefix}.embed_positions.weight`, [contextTokens, shape.hidden]);
    return add(g, embedded.rows, gather(g, table, newPositions(g, step)));
  });
  let stream: Stream = { residual: placed };
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const before = stream;
    const options = { shape, storage, name: `${prefix}.layers.${layer}`, layer, step };
    stream = g.part(`layer.${layer}`, () => addWhisperDecoderLayer(g, before, options));
  }
  const last = stream;
  g.part('head', () => addHead(g, config, prefix, { stream: last, step, storage, table: embedded.table }));
  const { heads: keyValueHeads, headSize } = headsOf(shape);
  return {
    ...g.finish(),
    shape: {
      layers: shape.layers,
      hidden: shape.hidden,
      keyValueHeads,
      headSize: cachedHeadSize(headSize),
      vocabularySize: vocabulary,
      contextTokens: Math.min(contextTokens, storage.contextTokens ?? contextTokens),
      encoder: { states: config.states, hidden: shape.hidden, headSize, masked: false },
    },
  };
}

const prefixOf = (g: GraphBuilder): string => (g.has('model.decoder.embed_tokens.weight') ? 'model.' : '');

/** Two convolutions over the frames, of which the second takes every other one, and where each is in time. */
function embedFrames(g: GraphBuilder, config: WhisperConfig, prefix: string, features: Value): Value {
  const { hidden, activation: name } = config.encoder;
  const convolved = (input: Value, layer: string, channels: number, stride: number) => {
    const weight = g.param(`${prefix}.${layer}.weight`, [hidden, channels, 3]);
    const bias = g.param(`${prefix}.${layer}.bias`, [hidden]);
    return activation(g, name, conv(g, input, weight, bias, { stride: [stride], padding: [1] }));
  };
  const frames = convolved(cast(g, features, g.float), 'conv1', config.melBins, 1);
  const states = transpose(g, convolved(frames, 'conv2', hidden, 2), [0, 2, 1]);
  return add(g, states, g.param(`${prefix}.embed_positions.weight`, [config.states, hidden]));
}

interface HeadInputs {
  readonly stream: Stream;
  readonly step: StepInputs;
  readonly storage: Storage;
  readonly table: Value | undefined;
}

function addHead(
  g: GraphBuilder,
  { decoder, tiedHead, vocabulary }: WhisperConfig,
  prefix: string,
  { stream, step, storage, table }: HeadInputs,
): void {
  const { normed } = addLayerNorm(g, stream, `${prefix}.layer_norm`, decoder.normEpsilon);
  const rows = gather(g, normed, step.logitPositions, 1);
  const name = tiedHead ? `${prefix}.embed_tokens.weight` : 'proj_out.weight';
  const head = { name, vocabulary, table: tiedHead ? table : undefined };
  outputFloats(g, vocabularyLogits(g, rows, head, storage.ends), DECODER_IO.logits);
}
