import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import { isActivation } from './build/fused.ts';
import { parseRopeScaling, type RopeScaling } from './rotary.ts';

/** What tells one decoder of the LLaMA kind from another. */
export interface DecoderConfig {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly contextTokens: number;
  readonly normEpsilon: number;
  readonly activation: string;
  readonly rope: { readonly theta: number; readonly scaling: RopeScaling };
  /** Biases of the products before attention, after it, and in the feed-forward part. */
  readonly bias: { readonly inputs: boolean; readonly output: boolean; readonly mlp: boolean };
  /** Whether queries and keys are normalized per head before they are rotated. */
  readonly headNorm: boolean;
  /** Whether the head is the embedding table, turned over. */
  readonly tiedHead: boolean;
  /** Tokens that one sees at most; undefined for all. */
  readonly window?: number | undefined;
}

const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 24));
const Positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** The fields of a decoder's `config.json` that decide the computation, with the defaults of the format. */
const DecoderConfigFile = v.object({
  vocab_size: Size,
  hidden_size: Size,
  intermediate_size: Size,
  num_hidden_layers: Size,
  num_attention_heads: Size,
  num_key_value_heads: v.nullish(Size),
  head_dim: v.nullish(Size),
  max_position_embeddings: Size,
  rms_norm_eps: v.optional(Positive, 1e-6),
  rope_theta: v.optional(Positive, 10_000),
  rope_scaling: v.nullish(v.unknown()),
  hidden_act: v.optional(v.string(), 'silu'),
  attention_bias: v.optional(v.boolean(), false),
  mlp_bias: v.optional(v.boolean(), false),
  tie_word_embeddings: v.optional(v.boolean(), false),
  sliding_window: v.nullish(Size),
  use_sliding_window: v.optional(v.boolean()),
});
export type DecoderConfigFile = v.InferOutput<typeof DecoderConfigFile>;

const unsupported = (reason: string) => new WebplatError('model-unsupported', undefined, { reason });
const corrupt = (reason: string) => new WebplatError('model-corrupt', undefined, { reason });

/**
 * @param traits what the family adds to the fields that all decoders have.
 * @throws WebplatError `model-corrupt` when fields are missing or contradict each other, `model-unsupported` for variants
 * that the graph does not compute.
 */
export function parseDecoderConfig(
  json: unknown,
  traits: (file: DecoderConfigFile) => Pick<DecoderConfig, 'bias' | 'headNorm' | 'window'>,
): DecoderConfig {
  const parsed = v.safeParse(DecoderConfigFile, json);
  if (!parsed.success) throw corrupt('config.json is not valid.');
  const file = parsed.output;
  if (!isActivation(file.hidden_act)) throw unsupported(`Activation ${file.hidden_act.slice(0, 32)}.`);
  const heads = file.num_attention_heads;
  const keyValueHeads = file.num_key_value_heads ?? heads;
  const headSize = file.head_dim ?? file.hidden_size / heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0 || heads % keyValueHeads !== 0) {
    throw corrupt('config.json contradicts itself about heads.');
  }
  return {
    vocabulary: file.vocab_size,
    hidden: file.hidden_size,
    intermediate: file.intermediate_size,
    layers: file.num_hidden_layers,
    heads,
    keyValueHeads,
    headSize,
    contextTokens: file.max_position_embeddings,
    normEpsilon: file.rms_norm_eps,
    activation: file.hidden_act,
    rope: { theta: file.rope_theta, scaling: parseRopeScaling(file.rope_scaling) },
    tiedHead: file.tie_word_embeddings,
    ...traits(file),
  };
}
