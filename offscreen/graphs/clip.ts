import * as v from 'valibot';
import type { ParamTable } from '../checkpoint/checkpoint.ts';
import { createGraphBuilder, type EmittedGraph, type GraphBuilder } from './build/graph-builder.ts';
import { linear } from './build/linear.ts';
import { gather, layerNorm } from './build/ops.ts';
import { GraphError, type Value } from './build/value.ts';
import {
  type ClipTextConfig,
  type ClipVisionConfig,
  parseClipText,
  parseClipVision,
  towerConfigs,
} from './clip-config.ts';
import { clipTextTower } from './clip-text-tower.ts';
import { clipVisionTower } from './clip-vision-tower.ts';
import { parseFields, Size } from './config-fields.ts';
import { sumOf } from './encoder-layer.ts';
import type { Storage } from './graph.ts';
import { logitScale, outputFloats, unitLength } from './joint-space.ts';

const ClipFields = v.object({ projection_dim: v.optional(Size, 512) });

/** Width of the space that texts and images share. */
const projectionOf = (config: unknown): number => parseFields(ClipFields, config).projection_dim;

/**
 * The text tower of CLIP (Radford et al. 2021, arXiv:2103.00020). Inputs `input_ids` and `attention_mask`, int64
 * [batch, tokens]; outputs, all float32: `text_embeds` [batch, projection] of length 1, `text_features` the same before they
 * are made so long, `last_hidden_state` [batch, tokens, hidden], and `logit_scale` [], by which products of embeddings of texts
 * and images are multiplied to become logits.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitClipText(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const text: ClipTextConfig = parseClipText(towerConfigs(config).text);
  const projection = projectionOf(config);
  const g = createGraphBuilder({ name: 'clip-text', params, storage });
  const { hidden, pooled } = clipTextTower(g, text, storage);
  g.part('text.head', () => {
    const layers = [{ name: 'text_projection', outputs: projection }];
    const features = linear(g, pooled, { inputs: text.shape.hidden, layers, bias: false }, storage.ends);
    outputFeatures(g, features, 'text');
    outputFloats(g, hidden, 'last_hidden_state');
    g.output(logitScale(g), 'logit_scale');
  });
  return g.finish();
}

/**
 * The image tower of CLIP. Input `pixel_values` float32 [batch, channels, size, size]; outputs, all float32: `image_embeds`
 * [batch, projection] of length 1, `image_features` the same before they are made so long, and `last_hidden_state`
 * [batch, 1 + patches, hidden].
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function emitClipVision(config: unknown, params: ParamTable, storage: Storage): EmittedGraph {
  const vision: ClipVisionConfig = parseClipVision(towerConfigs(config).vision);
  const projection = projectionOf(config);
  const g = createGraphBuilder({ name: 'clip-vision', params, storage });
  const { layers: count, hidden, normEpsilon } = vision.shape;
  const last = clipVisionTower(g, vision, { prefix: 'vision_model.', count, storage }).at(-1);
  if (!last) throw new GraphError('A tower without a state.');
  g.part('vision.head', () => {
    const states = sumOf(g, last);
    const first = gather(g, states, g.integers([0], []), 1);
    const pooled = layerNorm(g, first, 'vision_model.post_layernorm', normEpsilon);
    const layers = [{ name: 'visual_projection', outputs: projection }];
    outputFeatures(g, linear(g, pooled, { inputs: hidden, layers, bias: false }, storage.ends), 'image');
    outputFloats(g, states, 'last_hidden_state');
  });
  return g.finish();
}

function outputFeatures(g: GraphBuilder, features: Value, kind: 'text' | 'image'): void {
  outputFloats(g, features, `${kind}_features`);
  g.output(unitLength(g, features), `${kind}_embeds`);
}
