import * as v from 'valibot';
import { checkActivation, corrupt, Positive, parseFields, Size, unsupported } from './config-fields.ts';

export interface T5Config {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly heads: number;
  readonly headSize: number;
  readonly intermediate: number;
  readonly layers: { readonly encoder: number; readonly decoder: number };
  readonly normEpsilon: number;
  readonly activation: string;
  /** Whether the feed-forward part multiplies with a second product (Shazeer 2020, arXiv:2002.05202). */
  readonly gated: boolean;
  readonly buckets: number;
  readonly maxDistance: number;
  /** Tokens that the decoder was trained with; its positions have no end. */
  readonly contextTokens: number;
  /** Whether the output layer is the embedding table. */
  readonly tiedHead: boolean;
}

const T5Fields = v.object({
  vocab_size: Size,
  d_model: Size,
  d_kv: Size,
  d_ff: Size,
  num_heads: Size,
  num_layers: Size,
  num_decoder_layers: v.nullish(Size),
  n_positions: v.optional(Size, 512),
  relative_attention_num_buckets: v.optional(Size, 32),
  relative_attention_max_distance: v.optional(Size, 128),
  layer_norm_epsilon: v.optional(Positive, 1e-6),
  feed_forward_proj: v.optional(v.string(), 'relu'),
  tie_word_embeddings: v.optional(v.boolean(), true),
});

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseT5Config(json: unknown): T5Config {
  const file = parseFields(T5Fields, json);
  const [buckets, maxDistance] = [file.relative_attention_num_buckets, file.relative_attention_max_distance];
  // The encoder halves the buckets for the two directions, and these for distances one by one and by their logarithm.
  if (buckets % 4 !== 0 || maxDistance <= buckets / 2) throw corrupt('config.json contradicts itself about distances.');
  return {
    vocabulary: file.vocab_size,
    hidden: file.d_model,
    heads: file.num_heads,
    headSize: file.d_kv,
    intermediate: file.d_ff,
    layers: { encoder: file.num_layers, decoder: file.num_decoder_layers ?? file.num_layers },
    normEpsilon: file.layer_norm_epsilon,
    ...parseFeedForward(file.feed_forward_proj),
    buckets,
    maxDistance,
    contextTokens: file.n_positions,
    tiedHead: file.tie_word_embeddings,
  };
}

/** `relu`, or `gated-` and an activation; the gelu of gated ones is the one with a tanh. */
function parseFeedForward(name: string): Pick<T5Config, 'activation' | 'gated'> {
  const [first, second, ...more] = name.split('-');
  const gated = first === 'gated' && second !== undefined;
  if (more.length > 0 || (second !== undefined && !gated)) throw unsupported(`Feed-forward part ${name}.`);
  const activation = name === 'gated-gelu' ? 'gelu_new' : ((gated ? second : first) ?? '');
  checkActivation(activation);
  return { activation, gated };
}
