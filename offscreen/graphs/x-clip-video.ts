import { addLayerNorm, attention, type Stream } from './build/fused.ts';
import type { GraphBuilder } from './build/graph-builder.ts';
import { linear } from './build/linear.ts';
import { add, concat, gather, layerNorm, matMul, reduce, reshape, slice } from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';
import { clipPatches } from './clip-vision-tower.ts';
import {
  addEncoderLayer,
  addFeedForward,
  CLIP_LAYER,
  type EncoderOptions,
  oneLinear,
  projections,
  selfAttention,
  sumOf,
} from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import type { XClipConfig } from './x-clip-config.ts';

export interface VideoFeatures {
  /** One vector for each video, [batch, projection]. */
  readonly video: Value;
  /** What prompts of texts look at: one vector for each patch, [batch, patches, projection]. */
  readonly patches: Value;
}

/**
 * The video encoder of X-CLIP (Ni et al. 2022, arXiv:2208.02816) on `frames` [batch * frames, channels, size, size]: frames tell
 * each other what they see within every layer, and a small transformer over them makes one vector of all.
 */
export function xClipVideo(g: GraphBuilder, config: XClipConfig, frames: Value, storage: Storage): VideoFeatures {
  const { shape } = config.vision;
  const embedded = g.part('video.embedding', () =>
    clipPatches(g, config.vision, { prefix: 'vision_model.', norm: 'pre_layernorm', pixels: frames }),
  );
  let stream: Stream = { residual: embedded };
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const before = stream;
    const name = `vision_model.encoder.layers.${layer}`;
    const options = { shape, name, names: CLIP_LAYER, storage: storage.linear };
    stream = g.part(`video.layer.${layer}`, () => addFrameLayer(g, before, options, config.frames));
  }
  const states = sumOf(g, stream);
  return {
    video: g.part('video.frames', () => integrateFrames(g, config, states, storage)),
    patches: g.part('video.frames', () => meanPatches(g, config, states)),
  };
}

/**
 * One layer: the class token of every frame becomes a message, messages of a video attend to each other, and each joins the
 * tokens of its frame for the time of the attention.
 */
function addFrameLayer(g: GraphBuilder, stream: Stream, options: EncoderOptions, frames: number): Stream {
  const { shape, name, names, storage } = options;
  const { hidden, heads, normEpsilon } = shape;
  const states = sumOf(g, stream);
  const message = frameMessages(g, states, options, frames);
  const all = concat(g, [states, message], 1);
  const normed = layerNorm(g, all, `${name}.${names.attentionNorm}`, normEpsilon);
  const parts = [names.query, names.key, names.value].map((part) => `${name}.${part}`);
  const [query, key, value] = projections(g, normed, parts, hidden, { bias: true, storage });
  if (!query || !key || !value) throw new GraphError('Attention takes queries, keys and values.');
  // What the message itself would see is dropped with it.
  const asking = slice(g, query, 1, 0, -1);
  const { output } = attention(g, { ...asking, dims: states.dims }, key, value, { heads });
  const attended = oneLinear(g, output, `${name}.${names.output}`, [hidden, hidden], storage);
  return addFeedForward(g, { residual: states, delta: attended }, options);
}

/** [batch * frames, tokens, hidden] -> messages [batch * frames, 1, hidden]. */
function frameMessages(g: GraphBuilder, states: Value, options: EncoderOptions, frames: number): Value {
  const { shape, name, storage } = options;
  const { hidden } = shape;
  const first = reshape(g, gather(g, states, g.integers([0], []), 1), [-1, frames, hidden]);
  const message = oneLinear(g, first, `${name}.message_fc`, [hidden, hidden], storage);
  const normed = layerNorm(g, message, `${name}.message_ln`, shape.normEpsilon);
  const names = {
    ...CLIP_LAYER,
    query: 'message_attn.q_proj',
    key: 'message_attn.k_proj',
    value: 'message_attn.v_proj',
    output: 'message_attn.out_proj',
  };
  const heard = selfAttention(g, normed, { ...options, names });
  return reshape(g, add(g, message, heard), [-1, 1, hidden]);
}

/** The class tokens of a video's frames, through the transformer over frames -> their mean, [batch, projection]. */
function integrateFrames(g: GraphBuilder, config: XClipConfig, states: Value, storage: Storage): Value {
  const { vision, projection, frames, integration: shape } = config;
  const first = gather(g, states, g.integers([0], []), 1);
  const pooled = layerNorm(g, first, 'vision_model.post_layernorm', vision.shape.normEpsilon);
  const layers = [{ name: 'visual_projection', outputs: projection }];
  const projected = linear(g, pooled, { inputs: vision.shape.hidden, layers, bias: false }, storage.ends);
  const seen = reshape(g, projected, [-1, frames, projection]);
  let stream: Stream = { residual: add(g, seen, g.param('mit.position_embedding', [1, frames, projection])) };
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const name = `mit.encoder.layers.${layer}`;
    stream = addEncoderLayer(g, stream, { shape, name, names: CLIP_LAYER, storage: storage.linear });
  }
  return reduce(g, 'ReduceMean', add(g, sumOf(g, stream), seen), 1, false);
}

/** Patches at the same place of all frames: their mean, projected. Means come first, being of fewer vectors than all. */
function meanPatches(g: GraphBuilder, config: XClipConfig, states: Value): Value {
  const { vision, projection, frames } = config;
  const { hidden, normEpsilon } = vision.shape;
  const [, tokens] = states.dims;
  const patches = slice(g, states, 1, 1, Number(tokens));
  const { normed } = addLayerNorm(g, { residual: patches }, 'prompts_visual_layernorm', normEpsilon);
  const apart = reshape(g, normed, [-1, frames, Number(tokens) - 1, hidden]);
  return matMul(
    g,
    reduce(g, 'ReduceMean', apart, 1, false),
    g.param('prompts_visual_projection', [hidden, projection]),
  );
}
