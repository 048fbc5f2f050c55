import { describe, expect, it } from 'vitest';
import { fixtureJson } from '../../../test/support/fixture-json.ts';
import { encodeBatch } from './token-batch.ts';
import { createTokenizer } from './tokenizer.ts';

interface Golden {
  readonly cases: readonly { readonly text: string; readonly input_ids: number[]; readonly decoded?: string }[];
  readonly pairs?: readonly (Row & { readonly text: string; readonly text_pair: string })[];
  readonly batches?: readonly Batch[];
}
interface Row {
  readonly input_ids: number[];
  readonly attention_mask: number[];
  readonly token_type_ids?: number[];
}
interface Batch {
  readonly texts: readonly string[];
  readonly options: {
    readonly padding?: true | 'max_length';
    readonly truncation?: true;
    readonly max_length?: number;
  };
  readonly input_ids: number[][];
  readonly attention_mask: number[][];
  readonly token_type_ids?: number[][];
}

const DECODERS = ['llama', 'llava', 'llava_next', 'qwen2', 'qwen3'];
const OTHERS = ['bert', 'clap', 'clip', 't5', 'wav2vec2', 'whisper', 'x_clip'];

describe.each([...DECODERS, ...OTHERS])('the tokenizer of %s', async (model) => {
  const tokenizer = createTokenizer(
    await fixtureJson(model, 'tokenizer.json'),
    await fixtureJson(model, 'tokenizer_config.json'),
  );
  const golden: Golden = (await fixtureJson(model, 'golden.json')).tokenizer;
  const decodable = golden.cases.filter(({ decoded }) => decoded !== undefined);

  it.each(golden.cases)('encodes $text', ({ text, input_ids }) => {
    expect(tokenizer.encode(text).ids).toEqual(input_ids);
  });

  if (decodable.length > 0) {
    it.each(decodable)('decodes $decoded', ({ input_ids, decoded }) => {
      expect(tokenizer.decode(input_ids)).toBe(decoded);
    });
  }

  if (golden.pairs) {
    it.each(golden.pairs)('encodes $text with $text_pair', ({ text, text_pair, input_ids, token_type_ids }) => {
      const encoding = tokenizer.encode([text, text_pair]);
      expect(encoding.ids).toEqual(input_ids);
      if (token_type_ids) expect(encoding.typeIds).toEqual(token_type_ids);
    });
  }

  if (golden.batches) {
    it.each(golden.batches)('encodes batches with $options', ({ texts, options, ...expected }) => {
      const { max_length, padding, truncation } = options;
      const limit = limitOf(truncation ? max_length : undefined);
      if (!padding) {
        expect(texts.map((text) => tokenizer.encode(text, limit).ids)).toEqual(expected.input_ids);
        return;
      }
      const batch = encodeBatch(tokenizer, texts, {
        ...limit,
        ...(padding === 'max_length' && max_length !== undefined && { length: max_length }),
      });
      expect(rowsOf(batch.inputIds, batch.dims)).toEqual(expected.input_ids);
      expect(rowsOf(batch.attentionMask, batch.dims)).toEqual(expected.attention_mask);
      if (expected.token_type_ids) expect(rowsOf(batch.tokenTypeIds, batch.dims)).toEqual(expected.token_type_ids);
    });
  }
});

const limitOf = (maxTokens: number | undefined) => (maxTokens === undefined ? {} : { maxTokens });

function rowsOf(values: BigInt64Array, [rows, length]: readonly [number, number]): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * length, (row + 1) * length), Number),
  );
}
