import { describe, expect, it } from 'vitest';
import { fixtureJson } from '../../../test/support/fixture-json.ts';
import { createTokenizer } from '../text/tokenizer.ts';
import { decodeCtc, greedyIds } from './ctc.ts';

const tokenizer = createTokenizer(
  await fixtureJson('wav2vec2', 'tokenizer.json'),
  await fixtureJson('wav2vec2', 'tokenizer_config.json'),
);
const { tasks } = await fixtureJson('wav2vec2', 'golden.json');
const vocabulary = { tokenOf: tokenizer.tokenOf, blankId: 0, delimiter: '|' };
/** One frame for each token, `_` for blank. */
const path = (text: string) => Array.from(text, (token) => (token === '_' ? 0 : (tokenizer.idOf(token) ?? -1)));

describe('the text of a CTC path', () => {
  it.each(tasks as { file: string; argmax_ids: number[]; text: string }[])(
    'is that of $file',
    ({ argmax_ids, text }) => {
      expect(decodeCtc(argmax_ids, vocabulary, 0.02).text).toBe(text);
    },
  );

  it.each([
    ['HHEELL_LLO', 'HELLO'],
    ['A_A|_B', 'AA B'],
    ['||_AB|||C__|', 'AB C'],
    ['A|_|B', 'A  B'],
    ['____', ''],
    ['|', ''],
    ['', ''],
  ])('of %j is %j', (frames, text) => {
    expect(decodeCtc(path(frames), vocabulary, 1).text).toBe(text);
  });

  it('says when words and characters begin and end', () => {
    const { words, characters } = decodeCtc(path('_HHI__||_YO_U'), vocabulary, 0.5);
    expect(words).toEqual([
      { text: 'HI', start: 0.5, end: 2 },
      { text: 'YOU', start: 4.5, end: 6.5 },
    ]);
    expect(characters).toEqual([
      { text: 'H', start: 0.5, end: 1.5 },
      { text: 'I', start: 1.5, end: 2 },
      { text: 'Y', start: 4.5, end: 5 },
      { text: 'O', start: 5, end: 5.5 },
      { text: 'U', start: 6, end: 6.5 },
    ]);
  });
});

describe('the likeliest tokens', () => {
  it('are those of the largest logits, the first of equals', () => {
    expect(greedyIds(Float32Array.of(0, 2, 1, -3, -1, -2, 5, 5, 5), 3)).toEqual(Int32Array.of(1, 1, 0));
    expect(greedyIds(new Float32Array(0), 3)).toEqual(new Int32Array(0));
  });
});
