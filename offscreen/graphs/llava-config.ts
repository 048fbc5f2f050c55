import * as v from 'valibot';
import { type ClipVisionConfig, parseClipVision } from './clip-config.ts';
import { checkActivation, corrupt, parseFields, Size, unsupported } from './config-fields.ts';

const Nested = v.nullish(v.record(v.string(), v.unknown()));
const Layer = v.pipe(v.number(), v.safeInteger());

/** The fields of LLaVA's `config.json` around its two models, with the library's defaults. */
const LlavaFields = v.object({
  text_config: Nested,
  vision_config: Nested,
  projector_hidden_act: v.optional(v.string(), 'gelu'),
  multimodal_projector_bias: v.optional(v.boolean(), true),
  vision_feature_select_strategy: v.optional(v.string(), 'default'),
  vision_feature_layer: v.optional(v.union([Layer, v.pipe(v.array(Layer), v.minLength(1))]), -2),
});

/** CLIP ViT-L/14 for images of 336 pixels: the image tower where the config describes none. */
const USUAL_VISION = {
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  image_size: 336,
  patch_size: 14,
};

/** What the library takes for fields that the config of a language model leaves out. */
const TEXT_DEFAULTS: Readonly<Record<TextKind, object>> = {
  llama: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
  },
  mistral: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 131_072,
    sliding_window: 4096,
  },
  qwen2: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 32_768,
  },
};

/** Language models that are known beneath a LLaVA. */
export const TEXT_KINDS = ['llama', 'mistral', 'qwen2'] as const;
export type TextKind = (typeof TEXT_KINDS)[number];

export interface LlavaConfig {
  readonly vision: ClipVisionConfig;
  /** Kind and whole config of the language model; the config is checked by its own emitter. */
  readonly text: {
    readonly kind: TextKind;
    readonly config: unknown;
    readonly hidden: number;
    readonly vocabulary: number;
  };
  readonly projector: { readonly activation: string; readonly bias: boolean };
  /** Number of layers after which the image tower's states are taken; of several, side by side. */
  readonly featureLayers: readonly number[];
  /** Whether the class token is among the features. */
  readonly withClassToken: boolean;
}

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseLlavaConfig(json: unknown): LlavaConfig {
  const file = parseFields(LlavaFields, json);
  const vision = visionOf(file.vision_config);
  const strategy = file.vision_feature_select_strategy;
  if (strategy !== 'default' && strategy !== 'full')
    throw unsupported(`Features of an image: ${strategy.slice(0, 32)}.`);
  checkActivation(file.projector_hidden_act);
  return {
    vision,
    text: textOf(file.text_config),
    projector: { activation: file.projector_hidden_act, bias: file.multimodal_projector_bias },
    featureLayers: [file.vision_feature_layer].flat().map((layer) => placeOf(layer, vision.shape.layers)),
    withClassToken: strategy === 'full',
  };
}

function visionOf(json: v.InferOutput<typeof Nested>): ClipVisionConfig {
  const kind = json?.model_type ?? 'clip_vision_model';
  if (kind !== 'clip_vision_model') throw unsupported(`Image tower ${String(kind).slice(0, 32)}.`);
  return parseClipVision(json ?? USUAL_VISION);
}

const TextSizes = v.object({ hidden_size: Size, vocab_size: Size });

function textOf(json: v.InferOutput<typeof Nested>): LlavaConfig['text'] {
  const wanted = json?.model_type ?? 'llama';
  const kind = TEXT_KINDS.find((known) => known === wanted);
  if (!kind) throw unsupported(`Language model ${String(wanted).slice(0, 32)}.`);
  const config = { ...TEXT_DEFAULTS[kind], ...json };
  const { hidden_size: hidden, vocab_size: vocabulary } = parseFields(TextSizes, config, 'text_config');
  return { kind, config, hidden, vocabulary };
}

/** States before the first layer are number 0; negative numbers count from those after the last. */
function placeOf(layer: number, layers: number): number {
  const place = layer < 0 ? layers + 1 + layer : layer;
  if (place < 0 || place > layers) throw corrupt('config.json wants features of a layer that is not there.');
  return place;
}
