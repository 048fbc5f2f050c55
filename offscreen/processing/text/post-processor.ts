import * as v from 'valibot';
import { corrupt, parseFields, unsupported } from '../../graphs/config-fields.ts';

/** A part of what a model takes: one of the texts, or special tokens. `typeId` tells the model which text it belongs to. */
export type Part =
  | { readonly text: 'A' | 'B'; readonly typeId: number }
  | { readonly ids: readonly number[]; readonly typeId: number };

/** How one text, or two, become what a model takes. */
export interface PostProcessor {
  readonly single: readonly Part[];
  readonly pair: readonly Part[];
}

const Id = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Typed = v.object({ type: v.string() });
const Piece = v.union([
  v.object({ Sequence: v.object({ id: v.picklist(['A', 'B']), type_id: Id }) }),
  v.object({ SpecialToken: v.object({ id: v.string(), type_id: Id }) }),
]);
const Template = v.object({
  single: v.array(Piece),
  pair: v.array(Piece),
  special_tokens: v.record(v.string(), v.object({ ids: v.array(Id) })),
});
const Ends = v.object({ cls: v.tuple([v.string(), Id]), sep: v.tuple([v.string(), Id]) });
const Several = v.object({ processors: v.array(v.unknown()) });

const NAME = 'The post-processor of tokenizer.json';
const first: Part = { text: 'A', typeId: 0 };
const second: Part = { text: 'B', typeId: 1 };
const PLAIN: PostProcessor = { single: [first], pair: [first, second] };

/**
 * Reads `post_processor` of tokenizer.json, as the `tokenizers` library of Hugging Face understands it. It is applied here because
 * `@huggingface/tokenizers` 0.2.0 takes an empty second text for none, and cuts nothing to length.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported`
 */
export function readPostProcessor(json: unknown): PostProcessor {
  if (json === null || json === undefined) return PLAIN;
  const { type } = parseFields(Typed, json, NAME);
  switch (type) {
    case 'ByteLevel':
      // Moves offsets only, which are not kept here.
      return PLAIN;
    case 'TemplateProcessing':
      return fromTemplate(parseFields(Template, json, NAME));
    case 'BertProcessing':
    case 'RobertaProcessing':
      return fromEnds(parseFields(Ends, json, NAME), type === 'RobertaProcessing');
    case 'Sequence': {
      const all = parseFields(Several, json, NAME).processors.map(readPostProcessor);
      const [only, ...others] = all.filter((one) => one !== PLAIN);
      if (others.length > 0) throw unsupported('A tokenizer with several post-processors.');
      return only ?? PLAIN;
    }
    default:
      throw unsupported(`A post-processor of type ${type.slice(0, 32)}.`);
  }
}

function fromTemplate({ single, pair, special_tokens }: v.InferOutput<typeof Template>): PostProcessor {
  const partOf = (piece: v.InferOutput<typeof Piece>): Part => {
    if ('Sequence' in piece) return { text: piece.Sequence.id, typeId: piece.Sequence.type_id };
    const special = special_tokens[piece.SpecialToken.id];
    if (!special) throw corrupt('The template of tokenizer.json names an unknown token.');
    return { ids: special.ids, typeId: piece.SpecialToken.type_id };
  };
  return { single: single.map(partOf), pair: pair.map(partOf) };
}

/** [CLS] A [SEP] B [SEP] of BERT, <s> A </s></s> B </s> of RoBERTa, which tells texts apart by nothing else. */
function fromEnds({ cls, sep }: v.InferOutput<typeof Ends>, roberta: boolean): PostProcessor {
  const start: Part = { ids: [cls[1]], typeId: 0 };
  const end: Part = { ids: [sep[1]], typeId: 0 };
  const single = [start, first, end];
  const secondType = roberta ? 0 : 1;
  const rest: Part[] = [
    { text: 'B', typeId: secondType },
    { ids: [sep[1]], typeId: secondType },
  ];
  return { single, pair: [...single, ...(roberta ? [end] : []), ...rest] };
}

/** Special tokens among the parts. */
export function countSpecials(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + ('ids' in part ? part.ids.length : 0), 0);
}
