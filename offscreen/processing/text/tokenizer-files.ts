import * as v from 'valibot';
import { corrupt, parseFields, unsupported } from '../../graphs/config-fields.ts';

/** Ids are indices into a table of embeddings, none of which has more rows. */
const MOST_IDS = 2 ** 24;
/** Larger limits stand for none: files without one carry 10^30. */
const MOST_TOKENS = 2 ** 24;

const Special = v.union([v.string(), v.object({ content: v.string() })]);
const Side = v.picklist(['left', 'right']);
const Config = v.looseObject({
  bos_token: v.nullish(Special),
  eos_token: v.nullish(Special),
  pad_token: v.nullish(Special),
  chat_template: v.nullish(v.string()),
  model_max_length: v.nullish(v.pipe(v.number(), v.minValue(1))),
  padding_side: v.nullish(Side),
  truncation_side: v.nullish(Side),
  clean_up_tokenization_spaces: v.nullish(v.boolean()),
});

/** What tokenizer_config.json says, as far as it is used. */
export interface TokenizerConfig {
  readonly bosToken: string | undefined;
  readonly eosToken: string | undefined;
  readonly padToken: string | undefined;
  readonly chatTemplate: string | undefined;
  /** The longest input in tokens; undefined where the file sets no limit. */
  readonly maxTokens: number | undefined;
  readonly paddingSide: v.InferOutput<typeof Side>;
  readonly truncationSide: v.InferOutput<typeof Side>;
  /** Whether decoded text is to lose the spaces before punctuation. */
  readonly cleanUp: boolean;
}

/** @throws WebplatError `model-corrupt` */
export function parseTokenizerConfig(json: unknown): TokenizerConfig {
  const config = parseFields(Config, json, 'tokenizer_config.json');
  const text = (special: v.InferOutput<typeof Special> | null | undefined) =>
    (typeof special === 'string' ? special : special?.content) ?? undefined;
  const { model_max_length: limit } = config;
  return {
    bosToken: text(config.bos_token),
    eosToken: text(config.eos_token),
    padToken: text(config.pad_token),
    chatTemplate: config.chat_template ?? undefined,
    maxTokens: limit && limit <= MOST_TOKENS ? Math.floor(limit) : undefined,
    paddingSide: config.padding_side ?? 'right',
    truncationSide: config.truncation_side ?? 'right',
    cleanUp: config.clean_up_tokenization_spaces ?? false,
  };
}

const Part = v.nullish(v.looseObject({}), null);
const AddedToken = v.looseObject({ id: v.number(), content: v.pipe(v.string(), v.minLength(1)) });
const TokenizerJson = v.looseObject({
  model: v.looseObject({ type: v.nullish(v.string()), byte_fallback: v.nullish(v.boolean()) }),
  added_tokens: v.nullish(v.array(AddedToken)),
  normalizer: Part,
  pre_tokenizer: Part,
  post_processor: Part,
  decoder: Part,
});

/** tokenizer.json with its parts in place; what the parts hold is for others to judge. */
export type TokenizerJson = v.InferOutput<typeof TokenizerJson>;

/**
 * Checks what has to be right before anything is built from tokenizer.json: an id out of bounds would make tables of any size.
 *
 * @throws WebplatError `model-corrupt`, `model-unsupported` when the model is of another type or does what is not done here
 */
export function parseTokenizerJson(json: unknown): TokenizerJson {
  const parsed = parseFields(TokenizerJson, json, 'tokenizer.json');
  const { model, added_tokens } = parsed;
  checkVocabulary(model.type ?? undefined, model.vocab);
  if (model.type === 'BPE' && !Array.isArray(model.merges)) throw corrupt('tokenizer.json has no merges.');
  if (model.type === 'Unigram' && model.byte_fallback)
    throw unsupported('A unigram tokenizer that falls back to bytes.');
  for (const { id } of added_tokens ?? []) checkId(id);
  return parsed;
}

function checkVocabulary(type: string | undefined, vocabulary: unknown): void {
  if (type === 'Unigram') {
    const isToken = (entry: unknown) =>
      Array.isArray(entry) && typeof entry[0] === 'string' && Number.isFinite(entry[1]) && entry.length === 2;
    if (!Array.isArray(vocabulary) || vocabulary.length === 0 || !vocabulary.every(isToken)) throw badVocabulary();
    return;
  }
  // Files that were written before models had a type are told by their fields.
  if (type !== undefined && !['BPE', 'WordPiece', 'WordLevel'].includes(type)) {
    throw unsupported(`A tokenizer of type ${type.slice(0, 32)}.`);
  }
  if (typeof vocabulary !== 'object' || vocabulary === null || Array.isArray(vocabulary)) throw badVocabulary();
  for (const id of Object.values(vocabulary)) checkId(id);
}

function checkId(id: unknown): void {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MOST_IDS) {
    throw corrupt('The tokenizer has an id that is no index.');
  }
}

const badVocabulary = () => corrupt('The vocabulary of tokenizer.json is malformed.');
