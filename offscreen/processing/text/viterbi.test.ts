import { Unigram } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { viterbiPieces } from './viterbi.ts';

/** Scores are logarithms of probabilities. */
const modelOf = (scores: Record<string, number>) =>
  new Unigram({ type: 'Unigram', unk_id: 0, vocab: Object.entries({ '<unk>': 0, ...scores }) }, '</s>');

describe('the likeliest pieces of a text', () => {
  it.each([
    ['prefers one likely token to several', { a: -2, b: -2, ab: -3 }, 'ab', ['ab']],
    ['prefers several likely tokens to one', { a: -1, b: -1, ab: -3 }, 'ab', ['a', 'b']],
    ['looks at the whole text', { a: -1, ab: -1, bc: -1, c: -5, b: -5 }, 'abc', ['a', 'bc']],
    ['keeps the first of equals', { a: -1, b: -1, ab: -2 }, 'ab', ['ab']],
    ['puts unknown neighbours together', { a: -1 }, 'xyaz', ['xy', 'a', 'z']],
    ['takes an unknown character over nothing', { ab: -1 }, 'ac', ['ac']],
    ['counts characters, not halves of pairs', { 𠀀: -1, 𠀁: -1 }, '𠀀𠀁😀', ['𠀀', '𠀁', '😀']],
    ['gives none for nothing', { a: -1 }, '', []],
  ])('%s', (_what, scores, text, pieces) => {
    expect(viterbiPieces(modelOf(scores), text)).toEqual(pieces);
  });
});
