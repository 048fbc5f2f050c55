import { describe, expect, it } from 'vitest';
import { fixtureJson } from '../../../test/support/fixture-json.ts';
import { createChatRenderer } from './chat-template.ts';
import { encodeBatch } from './token-batch.ts';
import { createTokenizer } from './tokenizer.ts';

const filesOf = async (model: string) =>
  [await fixtureJson(model, 'tokenizer.json'), await fixtureJson(model, 'tokenizer_config.json')] as const;
const [bert, t5, llama, qwen3, wav2vec2] = [
  await filesOf('bert'),
  await filesOf('t5'),
  await filesOf('llama'),
  await filesOf('qwen3'),
  await filesOf('wav2vec2'),
];
const MODELS = { bert, t5, llama, qwen3, wav2vec2 };

describe.each(Object.entries(MODELS))('the tokenizer of %s', (_model, files) => {
  const tokenizer = createTokenizer(...files);

  it('decodes nothing to nothing', () => {
    expect(tokenizer.decode([])).toBe('');
  });

  it.each([
    ['a lone surrogate', 'a\ud800b'],
    ['half a pair at the end', '\udc00\ud83d'],
    ['what is no character', 'a\uffff\u0000b'],
    ['right-to-left text', 'שלום עליכם مرحبا'],
    ['rare Chinese', '𠀀𠀁'],
    ['marks and joiners', 'क्षि\u200d\u0301\u0301 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['spaces only', ' \t\n\u3000 '],
    ['nothing', ''],
  ])('gives tokens for %s', (_what, text) => {
    const { ids, typeIds } = tokenizer.encode(text);
    expect(ids.every((id) => tokenizer.tokenOf(id) !== undefined)).toBe(true);
    expect(typeIds).toHaveLength(ids.length);
    expect(tokenizer.encode(text.toWellFormed())).toEqual({ ids, typeIds });
  });

  it('needs time that grows with the text, spaces or none', () => {
    for (const text of ['The quick brown fox jumps over 12 lazy dogs. ', 'あいうえお', 'x', '\n']) {
      const length = 100_000;
      const { ids } = tokenizer.encode(text.repeat(length / text.length));
      expect(ids.length).toBeLessThan(4 * length);
    }
  }, 30_000);
});

describe('a tokenizer', () => {
  it('takes an empty second text for a text', () => {
    const tokenizer = createTokenizer(...bert);
    const [one, two] = [tokenizer.encode('hello'), tokenizer.encode(['hello', ''])];
    expect(two.ids).toEqual([...one.ids, tokenizer.idOf('[SEP]')]);
    expect(two.typeIds.at(-1)).toBe(1);
  });

  it('leaves special tokens away when it is told to', () => {
    const tokenizer = createTokenizer(...bert);
    const { ids } = tokenizer.encode(['hello', 'world'], { special: false });
    expect(tokenizer.decode(ids, { skipSpecial: false })).toBe('hello world');
    expect(tokenizer.decode(tokenizer.encode('a').ids, { skipSpecial: false })).toContain('[CLS]');
  });

  it('cuts pairs to length, special tokens included', () => {
    const tokenizer = createTokenizer(...bert);
    const { ids } = tokenizer.encode(['hello '.repeat(30), 'world '.repeat(30)], { maxTokens: 13 });
    expect(ids).toHaveLength(13);
    expect(ids.filter((id) => id === tokenizer.idOf('[SEP]'))).toHaveLength(2);
    expect(() => tokenizer.encode(['a', 'b'], { maxTokens: 2 })).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });

  it('sets rare Chinese characters apart as BERT does', () => {
    expect(createTokenizer(...bert).encode('𠀀𠀁', { special: false }).ids).toHaveLength(2);
  });

  it('finds the same tokens of SentencePiece vocabularies when texts are cut at word starts', () => {
    const merges = [...llama[0].model.merges];
    // A merge across a word start, of tokens that no text has, is reason not to cut.
    const uncut = createTokenizer(
      { ...llama[0], model: { ...llama[0].model, merges: [...merges, '<s> ▁'] } },
      llama[1],
    );
    const cut = createTokenizer(...llama);
    for (const text of ['One  two   three\n four', '   ', 'a▁b ▁ c', '日本 語', '']) {
      expect(cut.encode(text)).toEqual(uncut.encode(text));
    }
  });

  it('pads a batch to a length, on the side of its files', () => {
    const left = encodeBatch(createTokenizer(...llama), ['a'], { length: 5 });
    expect(left.dims).toEqual([1, 5]);
    expect(Array.from(left.attentionMask, Number)).toEqual([0, 0, 0, 1, 1]);
    const right = encodeBatch(createTokenizer(...bert), ['a', ['a', 'b']]);
    expect(Array.from(right.attentionMask, Number)).toEqual([1, 1, 1, 0, 0, 1, 1, 1, 1, 1]);
    expect(Array.from(right.tokenTypeIds, Number)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(encodeBatch(createTokenizer(...bert), []).dims).toEqual([0, 0]);
  });

  it('pads nothing without a token for that', () => {
    const tokenizer = createTokenizer(bert[0], { ...bert[1], pad_token: null });
    expect(encodeBatch(tokenizer, ['a', 'b']).dims).toEqual([2, 3]);
    expect(() => encodeBatch(tokenizer, ['a', 'a b'])).toThrow(expect.objectContaining({ code: 'model-unsupported' }));
  });

  it('knows what its files say about length', () => {
    expect(createTokenizer(...bert).config.maxTokens).toBe(64);
    expect(createTokenizer(bert[0], { ...bert[1], model_max_length: 1e30 }).config.maxTokens).toBeUndefined();
  });

  it('gives further variables to a chat template', async () => {
    const [{ messages, template_args, rendered }] = (await fixtureJson('qwen3', 'golden.json')).tokenizer.chat_extra;
    const { chatTemplate, eosToken } = createTokenizer(...qwen3).config;
    expect(createChatRenderer(chatTemplate, { eos_token: eosToken })(messages, template_args)).toBe(rendered);
  });
});

describe('tokenizer.json', () => {
  const model = (fields: object) => ({ ...t5[0], model: { ...t5[0].model, ...fields } });

  it.each([
    ['is of another type', model({ type: 'Markov' }), 'model-unsupported'],
    ['falls back to bytes where that is not done', model({ byte_fallback: true }), 'model-unsupported'],
    ['has a post-processor of another type', { ...t5[0], post_processor: { type: 'X' } }, 'model-unsupported'],
    ['has no model', { ...t5[0], model: undefined }, 'model-corrupt'],
    ['has no vocabulary', model({ vocab: undefined }), 'model-corrupt'],
    ['has an empty vocabulary', model({ vocab: [] }), 'model-corrupt'],
    ['has tokens without a score', model({ vocab: [['a', null]] }), 'model-corrupt'],
    ['has an id out of bounds', { ...bert[0], model: { ...bert[0].model, vocab: { a: 2 ** 32 } } }, 'model-corrupt'],
    ['has an added id out of bounds', { ...t5[0], added_tokens: [{ id: 1e9, content: 'a' }] }, 'model-corrupt'],
    ['has no merges', { ...llama[0], model: { ...llama[0].model, merges: undefined } }, 'model-corrupt'],
    ['has no table to normalize with', { ...t5[0], normalizer: { type: 'Precompiled' } }, 'model-corrupt'],
    ['normalizes in an unknown way', { ...t5[0], normalizer: { type: 'Rot13' } }, 'model-corrupt'],
    ['is a list', [], 'model-corrupt'],
    ['is text', 'tokenizer', 'model-corrupt'],
  ])('is refused when it %s', (_what, json, code) => {
    expect(() => createTokenizer(json, t5[1])).toThrow(expect.objectContaining({ code }));
  });

  it('is refused with settings that are malformed', () => {
    expect(() => createTokenizer(t5[0], { ...t5[1], padding_side: 'up' })).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
    expect(() => createTokenizer(t5[0], null)).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
  });

  it('says what is missing when a part of a text has no token', () => {
    const vocab = Object.fromEntries(Object.entries(wav2vec2[0].model.vocab).filter(([token]) => token !== '<unk>'));
    const json = { ...wav2vec2[0], model: { ...wav2vec2[0].model, vocab }, added_tokens: [] };
    expect(() => createTokenizer(json, { ...wav2vec2[1], unk_token: null }).encode('é')).toThrow(
      expect.objectContaining({ code: 'model-corrupt' }),
    );
  });
});
