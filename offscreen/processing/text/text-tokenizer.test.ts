import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { TextInput } from '../../../src/protocol/generation.ts';
import { createDetokenizer } from '../../tasks/detokenizer.ts';
import { createTextTokenizer, type TokenizerFiles } from './text-tokenizer.ts';

async function readFiles(folder: string): Promise<TokenizerFiles> {
  const read = async (file: string) => JSON.parse(await readFile(`${folder}/${file}`, 'utf8'));
  return {
    tokenizer: await read('tokenizer.json'),
    tokenizerConfig: await read('tokenizer_config.json'),
    config: await read('config.json'),
    generationConfig: await read('generation_config.json'),
  };
}

const storyteller = await readFiles('models/storyteller');
const llama = await readFiles('test/fixtures/models/llama');
interface Golden {
  readonly tokenizer: { readonly cases: { readonly text: string; readonly input_ids: number[] }[] };
  readonly tasks: { readonly messages: Exclude<TextInput, string>; readonly prompt_ids: number[] }[];
}
const golden: Golden = JSON.parse(await readFile('test/fixtures/models/llama/golden.json', 'utf8'));
const prompts = JSON.parse(await readFile('models/storyteller/eval/prompts.json', 'utf8'));

describe('tokenizer', () => {
  const tokenizer = createTextTokenizer(llama, 640);

  it.each(golden.tokenizer.cases)('encodes $text', ({ text, input_ids }) => {
    expect(tokenizer.encode(text)).toEqual(input_ids);
  });

  it.each(golden.tasks)('renders $messages', ({ messages, prompt_ids }) => {
    expect(tokenizer.encode(messages)).toEqual(prompt_ids);
  });

  it('encodes the prompts of the packaged model and decodes its continuations', () => {
    const packaged = createTextTokenizer(storyteller, 2048);
    for (const { prompt, prompt_ids, continuation_ids, continuation } of prompts) {
      expect(packaged.encode(prompt)).toEqual(prompt_ids);
      const detokenizer = createDetokenizer(packaged.decode, prompt_ids.at(-1));
      const ids = continuation_ids.filter((id: number) => !packaged.endIds.has(id));
      const text = ids.map((id: number) => detokenizer.push(id)).join('') + detokenizer.flush();
      expect(text).toBe(continuation.replace('<|end|>', ''));
    }
    expect(packaged.encode([{ role: 'user', content: 'Hi' }])).toEqual(
      packaged.encode('<|begin|><|user|>\nHi<|end|>\n<|assistant|>\n'),
    );
    expect([...packaged.endIds]).toEqual([2]);
  });

  it('tells the caller that the template does not accept a conversation', () => {
    expect(() => tokenizer.encode([{ role: 'assistant', content: 'I begin.' }])).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });

  it('refuses a conversation when there is no template', () => {
    const tokenizerConfig = { ...(llama.tokenizerConfig as object), chat_template: undefined };
    const plain = createTextTokenizer({ ...llama, tokenizerConfig }, 640);
    expect(() => plain.encode([{ role: 'user', content: 'x' }])).toThrow(
      expect.objectContaining({ code: 'model-unsupported' }),
    );
  });
});

describe('a tokenizer that does not match', () => {
  const change = (file: keyof TokenizerFiles, fields: object): TokenizerFiles => ({
    ...llama,
    [file]: { ...(llama[file] as object), ...fields },
  });

  it.each<[string, TokenizerFiles, number]>([
    ['has more tokens than embeddings', llama, 639],
    ["is another model's", llama, 2048],
    ['is no tokenizer', { ...llama, tokenizer: {} }, 640],
    ['is no object', { ...llama, tokenizer: null }, 640],
    ['lacks a special token', change('tokenizerConfig', { eos_token: '<|nowhere|>' }), 640],
    ['has a malformed special token', change('tokenizerConfig', { bos_token: 7 }), 640],
    ['has no such end token', change('generationConfig', { eos_token_id: 640 }), 640],
    ['disagrees about the end', change('generationConfig', { eos_token_id: 5 }), 640],
    ['has a template that does not parse', change('tokenizerConfig', { chat_template: '{% for %}' }), 640],
  ])('%s', (_what, files, vocabularySize) => {
    expect(() => createTextTokenizer(files, vocabularySize)).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });
});
