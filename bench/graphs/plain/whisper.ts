import type { ParamTable } from '../../../offscreen/checkpoint/checkpoint.ts';
import { createGraphBuilder, type EmittedGraph } from '../../../offscreen/graphs/build/graph-builder.ts';
import { add, conv, layerNorm, transpose } from '../../../offscreen/graphs/build/ops.ts';
import type { Value } from '../../../offscreen/graphs/build/value.ts';
import type { Shapes } from '../seeded.ts';
import { plainGelu } from './blocks.ts';
import { type PreNormNames, plainPreNormLayer, preNormShapes } from './pre-norm.ts';

/** Sizes of whisper-base. */
export const WHISPER_CONFIG = {
  model_type: 'whisper',
  architectures: ['WhisperForConditionalGeneration'],
  vocab_size: 51_865,
  d_model: 512,
  encoder_layers: 6,
  encoder_attention_heads: 8,
  encoder_ffn_dim: 2048,
  decoder_layers: 6,
  decoder_attention_heads: 8,
  decoder_ffn_dim: 2048,
  num_mel_bins: 80,
  max_source_positions: 1500,
  max_target_positions: 448,
  activation_function: 'gelu',
};

const HIDDEN = WHISPER_CONFIG.d_model;
const BINS = WHISPER_CONFIG.num_mel_bins;
export const WHISPER_FRAMES = 2 * WHISPER_CONFIG.max_source_positions;
const EPSILON = 1e-5;

const NAMES: PreNormNames = {
  attentionNorm: 'self_attn_layer_norm',
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  output: 'self_attn.out_proj',
  feedForwardNorm: 'final_layer_norm',
  up: 'fc1',
  down: 'fc2',
};
const SIZES = {
  hidden: HIDDEN,
  heads: WHISPER_CONFIG.encoder_attention_heads,
  intermediate: WHISPER_CONFIG.encoder_ffn_dim,
  epsilon: EPSILON,
  keyBias: false,
};
const layerNames = Array.from({ length: WHISPER_CONFIG.encoder_layers }, (_, at) => `model.encoder.layers.${at}`);

export function whisperShapes(): Shapes {
  return {
    // Tells the emitter how names begin; the encoder has no use for it.
    'model.decoder.embed_tokens.weight': [WHISPER_CONFIG.vocab_size, HIDDEN],
    'model.encoder.conv1.weight': [HIDDEN, BINS, 3],
    'model.encoder.conv1.bias': [HIDDEN],
    'model.encoder.conv2.weight': [HIDDEN, HIDDEN, 3],
    'model.encoder.conv2.bias': [HIDDEN],
    'model.encoder.embed_positions.weight': [WHISPER_CONFIG.max_source_positions, HIDDEN],
    ...Object.assign({}, ...layerNames.map((name) => preNormShapes(name, NAMES, SIZES))),
    'model.encoder.layer_norm.weight': [HIDDEN],
    'model.encoder.layer_norm.bias': [HIDDEN],
  };
}

/** Whisper's encoder as exporters write it: `last_hidden_state`. */
export function plainWhisper(params: ParamTable): EmittedGraph {
  const g = createGraphBuilder({ name: 'whisper-encoder-plain', params });
  const features = g.input('input_features', 'float32', ['batch', BINS, WHISPER_FRAMES]);
  const convolved = (input: Value, name: string, channels: number, stride: number) => {
    const weight = g.param(`model.encoder.${name}.weight`, [HIDDEN, channels, 3]);
    const shift = g.param(`model.encoder.${name}.bias`, [HIDDEN]);
    return plainGelu(g, conv(g, input, weight, shift, { stride: [stride], padding: [1] }));
  };
  const frames = convolved(convolved(features, 'conv1', BINS, 1), 'conv2', HIDDEN, 2);
  const places = g.param('model.encoder.embed_positions.weight', [WHISPER_CONFIG.max_source_positions, HIDDEN]);
  let hidden = add(g, transpose(g, frames, [0, 2, 1]), places);
  for (const layer of layerNames) hidden = plainPreNormLayer(g, hidden, layer, NAMES, SIZES);
  g.output(layerNorm(g, hidden, 'model.encoder.layer_norm', EPSILON), 'last_hidden_state');
  return g.finish();
}
