import * as v from 'valibot';
import {
  type ClipTextConfig,
  type ClipVisionConfig,
  parseClipText,
  parseClipVision,
  shapeOf,
  towerConfigs,
} from './clip-config.ts';
import { checkActivation, checkHeads, corrupt, parseFields, Size } from './config-fields.ts';
import type { EncoderShape } from './encoder-layer.ts';

/** Fields of X-CLIP's `config.json` around its towers, with the library's defaults (X-CLIP B/32). */
const XClipFields = v.object({
  projection_dim: v.optional(Size, 512),
  prompt_layers: v.optional(Size, 2),
  prompt_hidden_act: v.optional(v.string(), 'quick_gelu'),
  prompt_num_attention_heads: v.optional(Size, 8),
});

/** What `vision_config` has beyond that of CLIP: the transformer over frames (`mit`). */
const FrameFields = v.object({
  num_frames: v.optional(Size, 8),
  mit_hidden_size: v.optional(Size, 512),
  mit_intermediate_size: v.optional(Size, 2048),
  mit_num_hidden_layers: v.optional(Size, 1),
  mit_num_attention_heads: v.optional(Size, 8),
});

export interface XClipConfig {
  readonly text: ClipTextConfig;
  readonly vision: ClipVisionConfig;
  /** Width of the space that texts and videos share. */
  readonly projection: number;
  readonly frames: number;
  /** The transformer over the frames of a video. */
  readonly integration: EncoderShape;
  readonly prompts: { readonly layers: number; readonly heads: number; readonly activation: string };
}

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseXClipConfig(json: unknown): XClipConfig {
  const file = parseFields(XClipFields, json);
  const towers = towerConfigs(json);
  const frames = parseFields(FrameFields, towers.vision, 'vision_config');
  // Whatever the config calls the end token, X-CLIP pools at the highest id.
  const text = { ...parseClipText(towers.text), endToken: undefined };
  const vision = parseClipVision(towers.vision);
  const { projection_dim: projection, prompt_num_attention_heads: heads, prompt_hidden_act: activation } = file;
  if (frames.mit_hidden_size !== projection) throw corrupt('config.json contradicts itself about the width of frames.');
  checkActivation(activation);
  checkHeads(projection, heads);
  return {
    text,
    vision,
    projection,
    frames: frames.num_frames,
    integration: shapeOf({
      hidden_size: frames.mit_hidden_size,
      intermediate_size: frames.mit_intermediate_size,
      num_hidden_layers: frames.mit_num_hidden_layers,
      num_attention_heads: frames.mit_num_attention_heads,
      hidden_act: vision.shape.activation,
      layer_norm_eps: vision.shape.normEpsilon,
    }),
    prompts: { layers: file.prompt_layers, heads, activation },
  };
}
