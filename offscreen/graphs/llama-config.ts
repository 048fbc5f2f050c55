import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';

const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 24));
const Positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** The fields of a LLaMA `config.json` that decide the computation, with the defaults of the format. */
const LlamaConfigFile = v.object({
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
});

export interface LlamaConfig {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly contextTokens: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
  readonly tiedHead: boolean;
}

const unsupported = (reason: string): WebplatError => new WebplatError('model-unsupported', undefined, { reason });

/**
 * @throws WebplatError `model-corrupt` when fields are missing or contradict each other, `model-unsupported` for variants
 * that the graph does not compute.
 */
export function parseLlamaConfig(json: unknown): LlamaConfig {
  const parsed = v.safeParse(LlamaConfigFile, json);
  if (!parsed.success) throw new WebplatError('model-corrupt', undefined, { reason: 'config.json is not valid.' });
  const file = parsed.output;
  if (file.hidden_act !== 'silu') throw unsupported(`Activation ${file.hidden_act.slice(0, 32)}.`);
  if (file.rope_scaling) throw unsupported('Scaled rotary positions.');
  const heads = file.num_attention_heads;
  const keyValueHeads = file.num_key_value_heads ?? heads;
  const headSize = file.head_dim ?? file.hidden_size / heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0 || heads % keyValueHeads !== 0) {
    throw new WebplatError('model-corrupt', undefined, { reason: 'config.json contradicts itself about heads.' });
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
    ropeTheta: file.rope_theta,
    attentionBias: file.attention_bias,
    mlpBias: file.mlp_bias,
    tiedHead: file.tie_word_embeddings,
  };
}
