import * as v from 'valibot';
import { shapeOf } from './clip-config.ts';
import { Labels, Positive, parseFields, Size, unsupported } from './config-fields.ts';
import type { EncoderShape } from './encoder-layer.ts';

/** What a BERT computes. */
export interface BertConfig {
  readonly shape: EncoderShape;
  readonly vocabulary: number;
  readonly positions: number;
  readonly types: number;
  readonly labels: number;
  readonly head: BertHead;
}

/** What comes after the encoder: nothing, classes of texts or tokens, words for masked ones, or the ends of an answer. */
export type BertHead = 'none' | 'text' | 'token' | 'word' | 'answer';

const HEADS: Readonly<Record<string, BertHead>> = {
  BertModel: 'none',
  BertForSequenceClassification: 'text',
  BertForTokenClassification: 'token',
  BertForMaskedLM: 'word',
  BertForPreTraining: 'word',
  BertForQuestionAnswering: 'answer',
};

const BertFields = v.object({
  vocab_size: Size,
  hidden_size: Size,
  intermediate_size: Size,
  num_hidden_layers: Size,
  num_attention_heads: Size,
  max_position_embeddings: Size,
  type_vocab_size: v.optional(Size, 2),
  hidden_act: v.optional(v.string(), 'gelu'),
  layer_norm_eps: v.optional(Positive, 1e-12),
  position_embedding_type: v.optional(v.string(), 'absolute'),
  is_decoder: v.optional(v.boolean(), false),
  add_cross_attention: v.optional(v.boolean(), false),
  architectures: v.nullish(v.array(v.string())),
  id2label: v.nullish(Labels),
});

/** Classes of a config that names none. */
const USUAL_LABELS = 2;

/** @throws WebplatError `model-corrupt`, `model-unsupported` */
export function parseBertConfig(json: unknown): BertConfig {
  const file = parseFields(BertFields, json);
  if (file.position_embedding_type !== 'absolute') throw unsupported(`Positions ${file.position_embedding_type}.`);
  if (file.is_decoder || file.add_cross_attention) throw unsupported('A BERT that decodes.');
  const architecture = file.architectures?.[0] ?? 'BertModel';
  const head = Object.hasOwn(HEADS, architecture) ? HEADS[architecture] : undefined;
  if (!head) throw unsupported(`Architecture ${architecture}.`);
  return {
    shape: shapeOf(file),
    vocabulary: file.vocab_size,
    positions: file.max_position_embeddings,
    types: file.type_vocab_size,
    labels: file.id2label ? Object.keys(file.id2label).length : USUAL_LABELS,
    head,
  };
}
