import { unsupported } from '../../graphs/config-fields.ts';
import type { EncodeOptions, Encoding, TextOrPair, Tokenizer } from './tokenizer.ts';

/** Token ids of several texts, as graphs take them: [rows, length] each, row-major. */
export interface TokenBatch {
  readonly dims: readonly [rows: number, length: number];
  readonly inputIds: BigInt64Array<ArrayBuffer>;
  /** 1 for tokens, 0 for padding. */
  readonly attentionMask: BigInt64Array<ArrayBuffer>;
  /** 0 for the first text and padding, mostly 1 for the second text. */
  readonly tokenTypeIds: BigInt64Array<ArrayBuffer>;
}

export interface BatchOptions extends EncodeOptions {
  /** How long rows become: as the longest one if left out, else at least so many tokens. */
  readonly length?: number;
}

/**
 * Encodes texts and pads them to one length, on the side that the tokenizer's files name.
 *
 * @throws WebplatError `model-unsupported` when rows have to be padded and the tokenizer has no token for that
 */
export function encodeBatch(
  tokenizer: Tokenizer,
  texts: readonly TextOrPair[],
  { length = 0, ...options }: BatchOptions = {},
): TokenBatch {
  const rows = texts.map((text) => tokenizer.encode(text, options));
  const width = rows.reduce((longest, { ids }) => Math.max(longest, ids.length), length);
  const batch: TokenBatch = {
    dims: [rows.length, width],
    inputIds: new BigInt64Array(rows.length * width),
    attentionMask: new BigInt64Array(rows.length * width),
    tokenTypeIds: new BigInt64Array(rows.length * width),
  };
  if (rows.some(({ ids }) => ids.length < width)) batch.inputIds.fill(padIdOf(tokenizer));
  for (const [at, row] of rows.entries()) {
    const padding = tokenizer.config.paddingSide === 'left' ? width - row.ids.length : 0;
    writeRow(batch, at * width + padding, row);
  }
  return batch;
}

function writeRow({ inputIds, attentionMask, tokenTypeIds }: TokenBatch, start: number, { ids, typeIds }: Encoding) {
  inputIds.set(ids.map(BigInt), start);
  attentionMask.fill(1n, start, start + ids.length);
  tokenTypeIds.set(typeIds.map(BigInt), start);
}

function padIdOf({ config: { padToken }, idOf }: Tokenizer): bigint {
  const id = padToken === undefined ? undefined : idOf(padToken);
  if (id === undefined) throw unsupported('The tokenizer has no token for padding.');
  return BigInt(id);
}
