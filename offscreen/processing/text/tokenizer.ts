import type { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import { corrupt } from '../../graphs/config-fields.ts';
import { openLibraryTokenizer } from './open-library.ts';
import { countSpecials, type Part, readPostProcessor } from './post-processor.ts';
import { parseTokenizerConfig, parseTokenizerJson, type TokenizerConfig } from './tokenizer-files.ts';
import { truncate } from './truncate.ts';

/** A text, or two that a model takes together. */
export type TextOrPair = string | readonly [text: string, pair: string];

export interface EncodeOptions {
  /** Adds the special tokens that the model expects around texts; true if left out. */
  readonly special?: boolean;
  /** Cuts the text, or the longer one of two, so that there are no more tokens, special ones included. */
  readonly maxTokens?: number;
}

/** Tokens of one text or pair. Both lists are of the same length. */
export interface Encoding {
  readonly ids: number[];
  /** 0 for the first text, mostly 1 for the second one. */
  readonly typeIds: number[];
}

export interface DecodeOptions {
  /** Leaves special tokens out; true if left out. */
  readonly skipSpecial?: boolean;
  /** Removes spaces before punctuation; as tokenizer_config.json says, if left out. */
  readonly cleanUp?: boolean;
}

/** Turns text into token ids and back, as tokenizer.json says. */
export interface Tokenizer {
  readonly config: TokenizerConfig;
  /** One more than the largest id. */
  readonly size: number;
  /** Lone surrogates count as U+FFFD. @throws WebplatError `model-corrupt` when a part of the text has no token. */
  encode(text: TextOrPair, options?: EncodeOptions): Encoding;
  decode(ids: readonly number[], options?: DecodeOptions): string;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
}

/**
 * The tokenizer of a model, from its parsed tokenizer.json and tokenizer_config.json.
 *
 * @throws WebplatError `model-corrupt` when a file is malformed, `model-unsupported` when it asks for something unknown
 */
export function createTokenizer(tokenizerJson: unknown, tokenizerConfig: unknown): Tokenizer {
  const json = parseTokenizerJson(tokenizerJson);
  const config = parseTokenizerConfig(tokenizerConfig);
  const post = readPostProcessor(json.post_processor);
  const library = openLibraryTokenizer(json, tokenizerConfig as object);
  const tokensOf = (text: string): readonly number[] => encodePlain(library, text);
  return {
    config,
    size: library.model?.vocab.length ?? 0,
    encode(text, { special = true, maxTokens = Number.POSITIVE_INFINITY } = {}) {
      const [a, b] = typeof text === 'string' ? [text, undefined] : text;
      const all = b === undefined ? post.single : post.pair;
      const parts = special ? all : all.filter((part) => 'text' in part);
      const budget = maxTokens - countSpecials(parts);
      if (budget < 0) throw corrupt('The model takes fewer tokens than its tokenizer adds.');
      return assemble(
        parts,
        ...truncate(tokensOf(a), b === undefined ? undefined : tokensOf(b), budget, config.truncationSide),
      );
    },
    decode(ids, { skipSpecial = true, cleanUp = config.cleanUp } = {}) {
      // The library refuses to decode nothing.
      if (ids.length === 0) return '';
      return library.decode([...ids], { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: cleanUp });
    },
    idOf: (token) => library.token_to_id(token),
    tokenOf: (id) => library.id_to_token(id),
  };
}

function encodePlain(library: LibraryTokenizer, text: string): readonly number[] {
  const ids: readonly (number | undefined)[] = library.encode(text.toWellFormed(), { add_special_tokens: false }).ids;
  const isId = (id: number | undefined): id is number => id !== undefined;
  if (!ids.every(isId)) throw corrupt('The tokenizer has no token for a part of the text.');
  return ids;
}

function assemble(parts: readonly Part[], a: readonly number[], b: readonly number[] | undefined): Encoding {
  const stretches = parts.map((part) => ('ids' in part ? part.ids : part.text === 'A' ? a : (b ?? [])));
  return {
    ids: stretches.flat(),
    typeIds: stretches.flatMap((ids, at) => new Array<number>(ids.length).fill(parts[at]?.typeId ?? 0)),
  };
}
