import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { activation, addLayerNorm, attention, type Stream } from './build/fused.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { linear } from './build/linear.ts';
import { add, cast, concat, expand, matMul, mul, reshape, sizeOf, squeeze, transpose, unsqueeze } from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';
import { clipTextTower } from './clip-text-tower.ts';
import { oneLinear, projections, sumOf } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { logitScale, outputFloats, unitLength } from './joint-space.ts';
import { parseXClipConfig, type XClipConfig } from './x-clip-config.ts';
import { xClipVideo } from './x-clip-video.ts';

/**
 * X-CLIP (Ni et al. 2022, arXiv:2208.02816) in three graphs. Texts and videos are computed apart; only what a video adds to a
 * text, which needs both, comes after: {@link emitXClipText}, {@link emitXClipVideo}, {@link emitXClipPrompts}.
 */

/**
 * Texts: inputs `input_ids` and `attention_mask`, int64 [texts, tokens]; output `text_features` float32 [texts, projection].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitXClipText(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const { text, projection } = parseXClipConfig(config);
  const g = createGraphBuilder({ name: 'x-clip-text', params, storage });
  const { pooled } = clipTextTower(g, text, storage);
  g.part('text.head', () => {
    const layers = [{ name: 'text_projection', outputs: projection }];
    const features = linear(g, pooled, { inputs: text.shape.hidden, layers, bias: false }, storage.ends);
    outputFloats(g, features, 'text_features');
  });
  return g.finish();
}

/**
 * Videos: input `pixel_values` float32 [batch, frames, channels, size, size]; outputs, all float32: `video_embeds`
 * [batch, projection] of length 1, `patch_features` [batch, patches, projection], which prompts are made of.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitXClipVideo(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const parsed = parseXClipConfig(config);
  const { channels, image } = parsed.vision.patches;
  const g = createGraphBuilder({ name: 'x-clip-video', params, storage });
  const videos = g.input('pixel_values', 'float32', ['batch', parsed.frames, channels, ...image]);
  const frames = cast(g, reshape(g, videos, [-1, channels, ...image]), g.float);
  const { video, patches } = xClipVideo(g, parsed, frames, storage);
  g.output(unitLength(g, video), 'video_embeds');
  outputFloats(g, patches, 'patch_features');
  return g.finish();
}

/**
 * What videos make of texts: inputs `text_features` float32 [texts, projection], `video_embeds` [batch, projection] and
 * `patch_features` [batch, patches, projection]; outputs, all float32: `text_embeds` [batch, texts, projection] of length 1,
 * `logits_per_video` [batch, texts] and `logits_per_text` [texts, batch].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitXClipPrompts(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const parsed = parseXClipConfig(config);
  const { projection } = parsed;
  const g = createGraphBuilder({ name: 'x-clip-prompts', params, storage });
  const texts = cast(g, g.input('text_features', 'float32', ['texts', projection]), g.float);
  const videos = g.input('video_embeds', 'float32', ['batch', projection]);
  const patches = cast(g, g.input('patch_features', 'float32', ['batch', 'patches', projection]), g.float);
  g.part('prompts', () => {
    const prompted = addPrompts(g, parsed, eachVideo(g, texts, patches), patches, storage);
    const embeds = unitLength(g, prompted);
    g.output(embeds, 'text_embeds');
    const products = squeeze(g, matMul(g, embeds, unsqueeze(g, videos, [2])), [2]);
    const logits = mul(g, products, logitScale(g));
    g.output(logits, 'logits_per_video');
    g.output(transpose(g, logits, [1, 0]), 'logits_per_text');
  });
  return g.finish();
}

/** Every text once for each video: [texts, projection] -> [batch, texts, projection]. */
function eachVideo(g: GraphBuilder, texts: Value, patches: Value): Value {
  const [count, width] = texts.dims;
  const shape = concat(g, [sizeOf(g, patches, 0), sizeOf(g, texts, 0), g.integers([Number(width)])], 0);
  return expand(g, unsqueeze(g, texts, [0]), shape, ['batch', count ?? 'texts', Number(width)]);
}

/** Texts look at the patches of a video, and a share of what they find is added to them. */
function addPrompts(g: GraphBuilder, config: XClipConfig, texts: Value, patches: Value, storage: Storage): Value {
  const { vision, projection, prompts } = config;
  const name = 'prompts_generator';
  const { normed: seen } = addLayerNorm(g, { residual: patches }, `${name}.layernorm`, vision.shape.normEpsilon);
  let stream: Stream = { residual: texts };
  for (let layer = 0; layer < prompts.layers; layer += 1) {
    stream = addPromptLayer(g, stream, seen, { config, name: `${name}.decoder.${layer}`, storage });
  }
  const found = mul(g, sumOf(g, stream), g.param(`${name}.alpha`, [projection]));
  return add(g, texts, found);
}

interface PromptLayer {
  readonly config: XClipConfig;
  readonly name: string;
  readonly storage: Storage;
}

function addPromptLayer(g: GraphBuilder, stream: Stream, seen: Value, { config, name, storage }: PromptLayer): Stream {
  const { projection: width, prompts, text } = config;
  const { normEpsilon } = text.shape;
  const options = { bias: false, storage: storage.linear };
  const before = addLayerNorm(g, stream, `${name}.norm1`, normEpsilon);
  const [query] = projections(g, before.normed, [`${name}.cross_attn.q_proj`], width, options);
  const parts = ['k_proj', 'v_proj'].map((part) => `${name}.cross_attn.${part}`);
  const [key, value] = projections(g, seen, parts, width, options);
  if (!query || !key || !value) throw new GraphError('Attention takes queries, keys and values.');
  const { output } = attention(g, query, key, value, { heads: prompts.heads });
  const attended = oneLinear(g, output, `${name}.cross_attn.proj`, [width, width], storage.linear);
  const between = addLayerNorm(g, { residual: before.sum, delta: attended }, `${name}.norm3`, normEpsilon);
  const up = oneLinear(g, between.normed, `${name}.mlp.0`, [width, 4 * width], storage.linear);
  const active = activation(g, prompts.activation, up);
  return { residual: between.sum, delta: oneLinear(g, active, `${name}.mlp.3`, [4 * width, width], storage.linear) };
}
