import * as v from 'valibot';
import { shapeOf } from './clip-config.ts';
import { checkActivation, checkHeads, corrupt, Positive, parseFields, Size, unsupported } from './config-fields.ts';
import type { EncoderShape } from './encoder-layer.ts';

/** `text_config` of CLAP, with the library's defaults (those of RoBERTa). */
const TextFields = v.object({
  vocab_size: v.optional(Size, 50_265),
  hidden_size: v.optional(Size, 768),
  intermediate_size: v.optional(Size, 3072),
  num_hidden_layers: v.optional(Size, 12),
  num_attention_heads: v.optional(Size, 12),
  max_position_embeddings: v.optional(Size, 514),
  type_vocab_size: v.optional(Size, 1),
  hidden_act: v.optional(v.string(), 'gelu'),
  layer_norm_eps: v.optional(Positive, 1e-12),
  position_embedding_type: v.optional(v.string(), 'absolute'),
  pad_token_id: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 1),
});

/** `audio_config` of CLAP, with the library's defaults (those of HTSAT-tiny). */
const AudioFields = v.object({
  hidden_size: v.optional(Size, 768),
  patch_embeds_hidden_size: v.optional(Size, 96),
  depths: v.optional(v.array(Size), [2, 2, 6, 2]),
  num_attention_heads: v.optional(v.array(Size), [4, 8, 16, 32]),
  num_mel_bins: v.optional(Size, 64),
  spec_size: v.optional(Size, 256),
  window_size: v.optional(Size, 8),
  patch_size: v.optional(Size, 4),
  patch_stride: v.optional(v.array(Size), [4, 4]),
  patch_embed_input_channels: v.optional(Size, 1),
  mlp_ratio: v.optional(Positive, 4),
  qkv_bias: v.optional(v.boolean(), true),
  hidden_act: v.optional(v.string(), 'gelu'),
  layer_norm_eps: v.optional(Positive, 1e-5),
  enable_fusion: v.optional(v.boolean(), false),
  enable_patch_layer_norm: v.optional(v.boolean(), true),
  flatten_patch_embeds: v.optional(v.boolean(), true),
});

const ClapFields = v.object({
  text_config: v.optional(v.unknown(), {}),
  audio_config: v.optional(v.unknown(), {}),
  projection_dim: v.optional(Size, 512),
  projection_hidden_act: v.optional(v.string(), 'relu'),
});

/** Two layers into the space that texts and sounds share. */
export interface ClapProjection {
  readonly width: number;
  readonly activation: string;
}

export interface ClapTextConfig {
  readonly shape: EncoderShape;
  readonly vocabulary: number;
  readonly positions: number;
  readonly types: number;
  readonly padToken: number;
  readonly projection: ClapProjection;
}

/** Blocks of one resolution; tokens are the cells of a square. */
export interface ClapStage {
  readonly depth: number;
  readonly side: number;
  readonly shape: EncoderShape;
}

export interface ClapAudioConfig {
  readonly melBins: number;
  /** Height and width of the square that a spectrogram is folded into. */
  readonly side: number;
  readonly patch: { readonly kernel: number; readonly stride: number; readonly hidden: number; readonly norm: boolean };
  readonly window: number;
  readonly stages: readonly ClapStage[];
  readonly projection: ClapProjection;
}

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseClapText(json: unknown): ClapTextConfig {
  const file = parseFields(ClapFields, json);
  const text = parseFields(TextFields, file.text_config, 'text_config');
  if (text.position_embedding_type !== 'absolute') throw unsupported(`Positions ${text.position_embedding_type}.`);
  return {
    shape: shapeOf(text),
    vocabulary: text.vocab_size,
    positions: text.max_position_embeddings,
    types: text.type_vocab_size,
    padToken: text.pad_token_id,
    projection: projectionOf(file),
  };
}

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseClapAudio(json: unknown): ClapAudioConfig {
  const file = parseFields(ClapFields, json);
  const audio = parseFields(AudioFields, file.audio_config, 'audio_config');
  if (audio.enable_fusion) throw unsupported('Fusion of parts of a long sound.');
  if (audio.patch_embed_input_channels !== 1 || !audio.flatten_patch_embeds) throw unsupported('Patches of this kind.');
  const [stride = 0, across] = audio.patch_stride;
  if (stride !== across || audio.patch_size < stride) throw unsupported('Patches that are no squares side by side.');
  if (audio.spec_size % audio.num_mel_bins !== 0) throw unsupported('Spectrograms that do not fill a square.');
  checkActivation(audio.hidden_act);
  const stages = stagesOf(audio, Math.floor(audio.spec_size / stride));
  const last = stages.at(-1);
  if (last?.shape.hidden !== audio.hidden_size) throw corrupt('audio_config contradicts itself about widths.');
  if ((last.side * audio.num_mel_bins) % audio.spec_size !== 0)
    throw unsupported('Cells that hold more than one stretch.');
  return {
    melBins: audio.num_mel_bins,
    side: audio.spec_size,
    patch: {
      kernel: audio.patch_size,
      stride,
      hidden: audio.patch_embeds_hidden_size,
      norm: audio.enable_patch_layer_norm,
    },
    window: audio.window_size,
    stages,
    projection: projectionOf(file),
  };
}

function projectionOf(file: v.InferOutput<typeof ClapFields>): ClapProjection {
  checkActivation(file.projection_hidden_act);
  return { width: file.projection_dim, activation: file.projection_hidden_act };
}

/** Every stage has half of the cells of the one before along each side, and twice its width. */
function stagesOf(audio: v.InferOutput<typeof AudioFields>, cells: number): ClapStage[] {
  const { depths, num_attention_heads } = audio;
  if (depths.length === 0 || depths.length > 8 || depths.length !== num_attention_heads.length)
    throw corrupt('audio_config contradicts itself about stages.');
  return depths.map((depth, at) => {
    const [side, hidden, heads = 1] = [
      cells / 2 ** at,
      audio.patch_embeds_hidden_size * 2 ** at,
      num_attention_heads[at],
    ];
    if (side % audio.window_size !== 0) throw unsupported(`Windows of ${audio.window_size} in a square of ${side}.`);
    checkHeads(hidden, heads);
    const intermediate = Math.trunc(audio.mlp_ratio * hidden);
    const { qkv_bias: inputBias, hidden_act: activation, layer_norm_eps: normEpsilon } = audio;
    return { depth, side, shape: { layers: depth, hidden, heads, intermediate, activation, normEpsilon, inputBias } };
  });
}
