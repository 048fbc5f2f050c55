import * as v from 'valibot';
import { checkActivation, checkHeads, Positive, parseFields, Size } from './config-fields.ts';
import type { EncoderShape } from './encoder-layer.ts';
import type { Patches } from './patch-embedding.ts';

/** `text_config` of CLIP, with the library's defaults (those of CLIP ViT-B/32). */
const TextFields = v.object({
  vocab_size: v.optional(Size, 49_408),
  hidden_size: v.optional(Size, 512),
  intermediate_size: v.optional(Size, 2048),
  num_hidden_layers: v.optional(Size, 12),
  num_attention_heads: v.optional(Size, 8),
  max_position_embeddings: v.optional(Size, 77),
  hidden_act: v.optional(v.string(), 'quick_gelu'),
  layer_norm_eps: v.optional(Positive, 1e-5),
  eos_token_id: v.optional(v.pipe(v.number(), v.safeInteger()), 49_407),
});

/** `vision_config` of CLIP, with the library's defaults. */
const VisionFields = v.object({
  hidden_size: v.optional(Size, 768),
  intermediate_size: v.optional(Size, 3072),
  num_hidden_layers: v.optional(Size, 12),
  num_attention_heads: v.optional(Size, 12),
  num_channels: v.optional(Size, 3),
  image_size: v.optional(Size, 224),
  patch_size: v.optional(Size, 32),
  hidden_act: v.optional(v.string(), 'quick_gelu'),
  layer_norm_eps: v.optional(Positive, 1e-5),
});

export interface ClipTextConfig {
  readonly shape: EncoderShape;
  readonly vocabulary: number;
  readonly positions: number;
  /** The token at whose first place a text is pooled; undefined for the place of the highest id. */
  readonly endToken: number | undefined;
}

export interface ClipVisionConfig {
  readonly shape: EncoderShape;
  readonly patches: Patches;
}

/** Configs of the first models say 2, which is no token of theirs, and are pooled at the highest id instead. */
const NO_END_TOKEN = 2;

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseClipText(json: unknown, name = 'text_config'): ClipTextConfig {
  const file = parseFields(TextFields, json, name);
  return {
    shape: shapeOf(file),
    vocabulary: file.vocab_size,
    positions: file.max_position_embeddings,
    endToken: file.eos_token_id === NO_END_TOKEN ? undefined : file.eos_token_id,
  };
}

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseClipVision(json: unknown, name = 'vision_config'): ClipVisionConfig {
  const file = parseFields(VisionFields, json, name);
  return {
    shape: shapeOf(file),
    patches: {
      channels: file.num_channels,
      image: [file.image_size, file.image_size],
      patch: [file.patch_size, file.patch_size],
      hidden: file.hidden_size,
    },
  };
}

interface ShapeFields {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly hidden_act: string;
  readonly layer_norm_eps: number;
}

/** Sizes of an encoder from the fields that configs of encoders share. @throws WebplatError like the parsers above */
export function shapeOf(file: ShapeFields): EncoderShape {
  checkActivation(file.hidden_act);
  checkHeads(file.hidden_size, file.num_attention_heads);
  return {
    layers: file.num_hidden_layers,
    hidden: file.hidden_size,
    heads: file.num_attention_heads,
    intermediate: file.intermediate_size,
    activation: file.hidden_act,
    normEpsilon: file.layer_norm_eps,
  };
}

const Nested = v.object({
  text_config: v.nullish(v.unknown()),
  text_config_dict: v.nullish(v.unknown()),
  vision_config: v.nullish(v.unknown()),
  vision_config_dict: v.nullish(v.unknown()),
});

/**
 * The configs of the two towers. Files of old may have each a second time, as `text_config_dict` or `vision_config_dict`,
 * which then is the one that counts.
 */
export function towerConfigs(json: unknown): { readonly text: unknown; readonly vision: unknown } {
  const file = parseFields(Nested, json);
  return {
    text: file.text_config_dict ?? file.text_config ?? {},
    vision: file.vision_config_dict ?? file.vision_config ?? {},
  };
}
