import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import * as v from 'valibot';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { TextInput } from '../../src/protocol/generation.ts';

/** Embedding tables are padded to round numbers; a larger gap means another model's tokenizer. */
const MOST_UNUSED_ROWS = 1024;

const Special = v.union([v.string(), v.object({ content: v.string() })]);
const TokenizerConfig = v.object({
  bos_token: v.nullish(Special),
  eos_token: v.nullish(Special),
  chat_template: v.nullish(v.string()),
});
const Ids = v.union([v.pipe(v.number(), v.safeInteger()), v.array(v.pipe(v.number(), v.safeInteger()))]);
const SpecialIds = v.object({ eos_token_id: v.nullish(Ids), bos_token_id: v.nullish(Ids) });

/** The parsed JSON files that a tokenizer is made of. */
export interface TokenizerFiles {
  readonly tokenizer: unknown;
  readonly tokenizerConfig: unknown;
  readonly config: unknown;
  readonly generationConfig: unknown;
}

export interface TextTokenizer {
  /** Token ids of a text, or of a conversation in the model's chat template. */
  encode(input: TextInput): number[];
  /** Text without special tokens. */
  decode(ids: readonly number[]): string;
  /** Tokens that end an answer. */
  readonly endIds: ReadonlySet<number>;
}

const mismatch = (reason: string): WebplatError => new WebplatError('model-corrupt', undefined, { reason });

/**
 * Builds a tokenizer and checks that it belongs to a model with `vocabularySize` embeddings.
 *
 * @throws WebplatError `model-corrupt` when it does not, or when a file is malformed.
 */
export function createTextTokenizer(files: TokenizerFiles, vocabularySize: number): TextTokenizer {
  const settings = parseFile(TokenizerConfig, files.tokenizerConfig, 'tokenizer_config.json');
  const tokenizer = openTokenizer(files);
  assertVocabulary(tokenizer, vocabularySize);
  const bos = specialToken(tokenizer, settings.bos_token);
  const eos = specialToken(tokenizer, settings.eos_token);
  const endIds = readEndIds(tokenizer, files, eos?.id);
  const render = createChatRenderer(settings.chat_template, { bos_token: bos?.text, eos_token: eos?.text });
  const encode = (text: string, add_special_tokens: boolean) => {
    const { ids } = tokenizer.encode(text, { add_special_tokens });
    if (ids.some((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize)) {
      throw mismatch('The tokenizer gave an id that the model has no embedding for.');
    }
    return ids;
  };
  return {
    encode: (input) => (typeof input === 'string' ? encode(input, true) : encode(render(input), false)),
    decode: (ids) =>
      ids.length === 0
        ? ''
        : tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    endIds,
  };
}

function parseFile<S extends v.GenericSchema>(schema: S, json: unknown, file: string): v.InferOutput<S> {
  const result = v.safeParse(schema, json);
  if (!result.success) throw mismatch(`${file} is not valid.`);
  return result.output;
}

function openTokenizer({ tokenizer, tokenizerConfig }: TokenizerFiles): Tokenizer {
  try {
    return new Tokenizer(tokenizer as object, tokenizerConfig as object);
  } catch {
    throw mismatch('tokenizer.json cannot be read.');
  }
}

function assertVocabulary(tokenizer: Tokenizer, vocabularySize: number): void {
  let largest = -1;
  for (const id of tokenizer.get_vocab(true).values()) {
    if (!Number.isInteger(id) || id < 0) throw mismatch('The tokenizer has an id that is no index.');
    largest = Math.max(largest, id);
  }
  if (largest >= vocabularySize) throw mismatch(`Token ${largest} has no embedding: the model has ${vocabularySize}.`);
  if (vocabularySize - 1 - largest > MOST_UNUSED_ROWS) {
    throw mismatch(`The tokenizer names ${largest + 1} of ${vocabularySize} embeddings: it is another model's.`);
  }
}

function specialToken(tokenizer: Tokenizer, special: v.InferOutput<typeof Special> | null | undefined) {
  if (special === null || special === undefined) return undefined;
  const text = typeof special === 'string' ? special : special.content;
  const id = tokenizer.token_to_id(text);
  if (id === undefined) throw mismatch('A special token of tokenizer_config.json is not in the vocabulary.');
  return { text, id };
}

/** The generation config decides, then the model's config, then the tokenizer; every id has to be a token. */
function readEndIds(tokenizer: Tokenizer, files: TokenizerFiles, eosId: number | undefined): ReadonlySet<number> {
  const [generation, model] = [
    parseFile(SpecialIds, files.generationConfig ?? {}, 'generation_config.json'),
    parseFile(SpecialIds, files.config, 'config.json'),
  ];
  const ids = new Set([generation.eos_token_id ?? model.eos_token_id ?? eosId ?? []].flat());
  for (const id of ids) {
    if (tokenizer.id_to_token(id) === undefined) throw mismatch(`The end token ${id} is not in the vocabulary.`);
  }
  if (eosId !== undefined && ids.size > 0 && !ids.has(eosId)) throw mismatch('The files disagree about the end token.');
  return ids;
}

type Messages = Exclude<TextInput, string>;

function createChatRenderer(source: string | null | undefined, specials: Record<string, string | undefined>) {
  if (!source) {
    return (): string => {
      throw new WebplatError('model-unsupported', undefined, { reason: 'The model has no chat template.' });
    };
  }
  const template = parseTemplate(source);
  return (messages: Messages): string => {
    try {
      return template.render({ messages, add_generation_prompt: true, ...specials });
    } catch {
      // Templates refuse conversations on purpose, such as two turns of one role; that is the caller's to correct.
      throw new WebplatError('invalid-request', "The model's chat template does not accept this conversation.", {
        field: 'input',
      });
    }
  };
}

function parseTemplate(source: string): Template {
  try {
    return new Template(source);
  } catch {
    throw mismatch('The chat template cannot be read.');
  }
}
