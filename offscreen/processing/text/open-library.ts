import {
  BertNormalizer,
  type Normalizer,
  PrecompiledNormalizer,
  SequenceNormalizer,
  Tokenizer,
  Unigram,
} from '@huggingface/tokenizers';
import { corrupt } from '../../graphs/config-fields.ts';
import { readCharsmap } from './charsmap.ts';
import type { TokenizerJson } from './tokenizer-files.ts';
import { viterbiPieces } from './viterbi.ts';

/** Mark of a word start in the vocabularies of SentencePiece. */
const WORD_START = '\u2581';
/** Chinese characters beyond the first 65536 code points, in the ranges that BERT sets apart (`tokenization.py` of BERT). */
const RARE_CHINESE =
  /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * The tokenizer of `@huggingface/tokenizers`, mended where version 0.2.0 is at odds with the Rust library that tokenizer.json is
 * written for, or takes too long. Special tokens around texts are left to the caller.
 *
 * @throws WebplatError `model-corrupt`
 */
export function openLibraryTokenizer(json: TokenizerJson, config: object): Tokenizer {
  const plain = {
    ...json,
    added_tokens: json.added_tokens ?? [],
    pre_tokenizer: json.pre_tokenizer ?? wordSplit(json),
    post_processor: null,
  };
  const tokenizer = buildTokenizer(plain, config);
  mendNormalizer(tokenizer.normalizer);
  const { model } = tokenizer;
  if (model instanceof Unigram) {
    model.encode = (texts) => texts.flatMap((text) => viterbiPieces(model, text));
    model.fuse_unk = false;
  }
  return tokenizer;
}

function buildTokenizer(json: object, config: object): Tokenizer {
  try {
    return new Tokenizer(json, config);
  } catch {
    throw corrupt('tokenizer.json cannot be read.');
  }
}

function mendNormalizer(normalizer: Normalizer | null): void {
  if (normalizer instanceof SequenceNormalizer) for (const part of normalizer.normalizers) mendNormalizer(part);
  if (normalizer instanceof PrecompiledNormalizer) {
    const { charsmap } = normalizer;
    if (typeof charsmap !== 'string') throw corrupt('The normalization table of tokenizer.json is missing.');
    normalizer.normalize = readCharsmap(charsmap);
  }
  if (normalizer instanceof BertNormalizer && Reflect.get(normalizer.config, 'handle_chinese_chars')) {
    const normalize = normalizer.normalize.bind(normalizer);
    normalizer.normalize = (text) => normalize(text.replace(RARE_CHINESE, ' $& '));
  }
}

/**
 * Cuts before word starts, for models that take a text in one piece. Merges in which a word start follows something else would
 * cross the cuts; where there are none the tokens are the same, found in a fraction of the time.
 */
function wordSplit({ model }: TokenizerJson): object | null {
  const merges = model.merges;
  if (model.type !== 'BPE' || !Array.isArray(merges)) return null;
  const crosses = (merge: unknown): boolean => {
    const [left, right] = typeof merge === 'string' ? merge.split(' ', 2) : Array.isArray(merge) ? merge : [];
    if (typeof left !== 'string' || typeof right !== 'string') return true;
    return right.startsWith(WORD_START) && !left.endsWith(WORD_START);
  };
  if (merges.some(crosses)) return null;
  const pattern = { Regex: `${WORD_START}+[^${WORD_START}]*|[^${WORD_START}]+` };
  return { type: 'Split', pattern, behavior: 'Removed', invert: true };
}
