import * as v from 'valibot';
import { checkActivation, checkHeads, parseFields, Size, unsupported } from './config-fields.ts';
import type { EncoderShape } from './encoder-layer.ts';

export interface WhisperConfig {
  readonly vocabulary: number;
  readonly melBins: number;
  /** States of the encoder; each is of two frames of the spectrogram. */
  readonly states: number;
  /** Tokens of a text. */
  readonly contextTokens: number;
  readonly encoder: EncoderShape;
  readonly decoder: EncoderShape;
  /** Whether the output layer is the embedding table. */
  readonly tiedHead: boolean;
}

const WhisperFields = v.object({
  vocab_size: Size,
  d_model: Size,
  encoder_layers: Size,
  encoder_attention_heads: Size,
  encoder_ffn_dim: Size,
  decoder_layers: Size,
  decoder_attention_heads: Size,
  decoder_ffn_dim: Size,
  num_mel_bins: v.optional(Size, 80),
  max_source_positions: v.optional(Size, 1500),
  max_target_positions: v.optional(Size, 448),
  activation_function: v.optional(v.string(), 'gelu'),
  scale_embedding: v.optional(v.boolean(), false),
  tie_word_embeddings: v.optional(v.boolean(), true),
});

/** That of PyTorch's norms; the config does not say it. */
const NORM_EPSILON = 1e-5;

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseWhisperConfig(json: unknown): WhisperConfig {
  const file = parseFields(WhisperFields, json);
  // No published model has it, and implementations differ in what they make of it.
  if (file.scale_embedding) throw unsupported('Scaled embeddings.');
  checkActivation(file.activation_function);
  const shape = (layers: number, heads: number, intermediate: number): EncoderShape => {
    checkHeads(file.d_model, heads);
    const { d_model: hidden, activation_function: activation } = file;
    return { layers, heads, hidden, intermediate, activation, normEpsilon: NORM_EPSILON };
  };
  return {
    vocabulary: file.vocab_size,
    melBins: file.num_mel_bins,
    states: file.max_source_positions,
    contextTokens: file.max_target_positions,
    encoder: shape(file.encoder_layers, file.encoder_attention_heads, file.encoder_ffn_dim),
    decoder: shape(file.decoder_layers, file.decoder_attention_heads, file.decoder_ffn_dim),
    tiedHead: file.tie_word_embeddings,
  };
}
