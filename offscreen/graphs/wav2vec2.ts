import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { addLayerNorm, type Stream } from './build/fused.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { cast, layerNorm, mul, sizeOf, unsqueeze } from './build/ops.ts';
import type { Value } from './build/value.ts';
import { addEncoderLayer, type LayerNames, oneLinear } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { outputFloats } from './joint-space.ts';
import { keyBias } from './masks.ts';
import { addPostNormLayer } from './post-norm-layer.ts';
import { parseWav2Vec2Config, type Wav2Vec2Config } from './wav2vec2-config.ts';
import { frameMask, framePositions, soundFeatures } from './wav2vec2-features.ts';

const WAV2VEC2_LAYER: LayerNames = {
  attentionNorm: 'layer_norm',
  query: 'attention.q_proj',
  key: 'attention.k_proj',
  value: 'attention.v_proj',
  output: 'attention.out_proj',
  feedForwardNorm: 'final_layer_norm',
  up: 'feed_forward.intermediate_dense',
  down: 'feed_forward.output_dense',
};

/**
 * wav2vec 2.0 (Baevski et al. 2020, arXiv:2006.11477). Inputs `input_values` float32 [batch, samples] and `attention_mask`
 * int64 [batch, samples], all 1 where a model was trained without. Outputs, float32: `last_hidden_state`
 * [batch, frames, hidden], and `logits` [batch, frames, vocabulary] of models with a head for connectionist temporal
 * classification (Graves et al. 2006).
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitWav2Vec2(json: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const config = parseWav2Vec2Config(json);
  const g = createGraphBuilder({ name: 'wav2vec2', params, storage });
  const samples = g.input('input_values', 'float32', ['batch', 'samples']);
  const sampleMask = g.input('attention_mask', 'int64', ['batch', 'samples']);
  const prefix = g.has('wav2vec2.feature_projection.projection.weight') ? 'wav2vec2.' : '';
  const features = g.part('features', () =>
    soundFeatures(g, cast(g, samples, g.float), config, `${prefix}feature_extractor`),
  );
  const mask = frameMask(g, sampleMask, features, config.convs);
  const frames = g.part('features', () => {
    const projected = projectFeatures(g, features, config, `${prefix}feature_projection`, storage);
    const kept = mul(g, projected, cast(g, unsqueeze(g, mask, [2]), g.float));
    return framePositions(g, kept, config, `${prefix}encoder.pos_conv_embed`);
  });
  const bias = keyBias(g, mask, sizeOf(g, frames, 1), 'frames');
  const hidden = addLayers(g, frames, bias, { config, prefix: `${prefix}encoder`, storage });
  outputFloats(g, hidden, 'last_hidden_state');
  const { vocabulary, shape } = config;
  if (vocabulary !== undefined) {
    const logits = g.part('head', () => oneLinear(g, hidden, 'lm_head', [shape.hidden, vocabulary], storage.ends));
    outputFloats(g, logits, 'logits');
  }
  return g.finish();
}

function projectFeatures(g: GraphBuilder, features: Value, config: Wav2Vec2Config, name: string, storage: Storage) {
  const channels = config.convs.at(-1)?.channels ?? 1;
  const normed = layerNorm(g, features, `${name}.layer_norm`, config.shape.normEpsilon);
  return oneLinear(g, normed, `${name}.projection`, [channels, config.shape.hidden], storage.linear);
}

interface Layers {
  readonly config: Wav2Vec2Config;
  readonly prefix: string;
  readonly storage: Storage;
}

/** The Transformer, in one of two orders: norms after each part and once before all, or before each part and once after all. */
function addLayers(g: GraphBuilder, frames: Value, mask: Value, { config, prefix, storage }: Layers): Value {
  const { shape, stable } = config;
  const optionsOf = (layer: number) => {
    const name = `${prefix}.layers.${layer}`;
    return { shape, name, names: WAV2VEC2_LAYER, storage: storage.linear, mask };
  };
  const norm = (stream: Stream) => addLayerNorm(g, stream, `${prefix}.layer_norm`, shape.normEpsilon).normed;
  if (stable) {
    let stream: Stream = { residual: frames };
    for (let layer = 0; layer < shape.layers; layer += 1) {
      const before = stream;
      stream = g.part(`layer.${layer}`, () => addEncoderLayer(g, before, optionsOf(layer)));
    }
    const last = stream;
    return g.part('head', () => norm(last));
  }
  let hidden = g.part('features', () => norm({ residual: frames }));
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const before = hidden;
    hidden = g.part(`layer.${layer}`, () => addPostNormLayer(g, before, optionsOf(layer)));
  }
  return hidden;
}
