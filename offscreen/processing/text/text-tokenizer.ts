import * as v from 'valibot';
import type { TextInput } from '../../../src/protocol/generation.ts';
import { corrupt, parseFields } from '../../graphs/config-fields.ts';
import { createChatRenderer } from './chat-template.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

/** Embedding tables are padded to round numbers; a larger gap means another model's tokenizer. */
const MOST_UNUSED_ROWS = 1024;

const Ids = v.union([v.pipe(v.number(), v.safeInteger()), v.array(v.pipe(v.number(), v.safeInteger()))]);
const SpecialIds = v.object({ eos_token_id: v.nullish(Ids), bos_token_id: v.nullish(Ids) });

/** The parsed JSON files that the tokenizer of a language model is made of. */
export interface TokenizerFiles {
  readonly tokenizer: unknown;
  readonly tokenizerConfig: unknown;
  readonly config: unknown;
  readonly generationConfig: unknown;
}

/** The tokenizer of a language model: texts and conversations in, text out, and the tokens that end it. */
export interface TextTokenizer {
  /** Token ids of a text, or of a conversation in the model's chat template. */
  encode(input: TextInput): number[];
  /** Text without special tokens. */
  decode(ids: readonly number[]): string;
  /** Tokens that end an answer. */
  readonly endIds: ReadonlySet<number>;
}

/**
 * Builds a tokenizer and checks that it belongs to a model with `vocabularySize` embeddings.
 *
 * @throws WebplatError `model-corrupt` when it does not, or when a file is malformed; `model-unsupported`
 */
export function createTextTokenizer(files: TokenizerFiles, vocabularySize: number): TextTokenizer {
  const tokenizer = createTokenizer(files.tokenizer, files.tokenizerConfig);
  assertVocabulary(tokenizer, vocabularySize);
  const { bosToken, eosToken, chatTemplate } = tokenizer.config;
  if (bosToken !== undefined) idOfSpecial(tokenizer, bosToken);
  const eosId = eosToken === undefined ? undefined : idOfSpecial(tokenizer, eosToken);
  const endIds = readEndIds(tokenizer, files, eosId);
  const render = createChatRenderer(chatTemplate, { bos_token: bosToken, eos_token: eosToken });
  const encode = (text: string, special: boolean) => {
    const { ids } = tokenizer.encode(text, { special });
    if (ids.some((id) => id >= vocabularySize)) throw corrupt('A token of the tokenizer has no embedding.');
    return ids;
  };
  return {
    encode: (input) => (typeof input === 'string' ? encode(input, true) : encode(render(input), false)),
    // Text is given out while it is written: what follows must not change what was said.
    decode: (ids) => tokenizer.decode(ids, { cleanUp: false }),
    endIds,
  };
}

function assertVocabulary({ size }: Tokenizer, vocabularySize: number): void {
  if (size > vocabularySize) throw corrupt(`Token ${size - 1} has no embedding: the model has ${vocabularySize}.`);
  if (vocabularySize - size > MOST_UNUSED_ROWS) {
    throw corrupt(`The tokenizer names ${size} of ${vocabularySize} embeddings: it is another model's.`);
  }
}

function idOfSpecial(tokenizer: Tokenizer, text: string): number {
  const id = tokenizer.idOf(text);
  if (id === undefined) throw corrupt('A special token of tokenizer_config.json is not in the vocabulary.');
  return id;
}

/** The generation config decides, then the model's config, then the tokenizer; every id has to be a token. */
function readEndIds(tokenizer: Tokenizer, files: TokenizerFiles, eosId: number | undefined): ReadonlySet<number> {
  const generation = parseFields(SpecialIds, files.generationConfig ?? {}, 'generation_config.json');
  const model = parseFields(SpecialIds, files.config, 'config.json');
  const ids = new Set([generation.eos_token_id ?? model.eos_token_id ?? eosId ?? []].flat());
  for (const id of ids) {
    if (tokenizer.tokenOf(id) === undefined) throw corrupt(`The end token ${id} is not in the vocabulary.`);
  }
  if (eosId !== undefined && ids.size > 0 && !ids.has(eosId)) throw corrupt('The files disagree about the end token.');
  return ids;
}
