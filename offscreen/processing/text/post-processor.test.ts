import { describe, expect, it } from 'vitest';
import { countSpecials, readPostProcessor } from './post-processor.ts';

const ends = { cls: ['<s>', 5], sep: ['</s>', 6] };
const [a, b] = [
  { text: 'A', typeId: 0 },
  { text: 'B', typeId: 1 },
];

describe('the post-processor of tokenizer.json', () => {
  it('adds nothing where there is none', () => {
    expect(readPostProcessor(null)).toEqual({ single: [a], pair: [a, b] });
    expect(readPostProcessor({ type: 'ByteLevel', trim_offsets: false })).toEqual({ single: [a], pair: [a, b] });
  });

  it('sets texts apart as BERT does, and as RoBERTa does', () => {
    const [cls, sep] = [
      { ids: [5], typeId: 0 },
      { ids: [6], typeId: 0 },
    ];
    const bert = readPostProcessor({ type: 'BertProcessing', ...ends });
    expect(bert.single).toEqual([cls, a, sep]);
    expect(bert.pair).toEqual([cls, a, sep, b, { ids: [6], typeId: 1 }]);
    const roberta = readPostProcessor({ type: 'RobertaProcessing', ...ends });
    expect(roberta.pair).toEqual([cls, a, sep, sep, { text: 'B', typeId: 0 }, sep]);
    expect(countSpecials(roberta.pair)).toBe(4);
  });

  it('takes the template out of a sequence, with tokens of several ids', () => {
    const template = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '[X]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 2 } }],
      pair: [{ Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '[X]': { id: '[X]', ids: [7, 8], tokens: ['x', 'y'] } },
    };
    const { single, pair } = readPostProcessor({ type: 'Sequence', processors: [{ type: 'ByteLevel' }, template] });
    expect(single).toEqual([
      { ids: [7, 8], typeId: 0 },
      { text: 'A', typeId: 2 },
    ]);
    expect(pair).toEqual([{ text: 'B', typeId: 1 }]);
  });

  it.each([
    ['of another type', { type: 'Backwards' }, 'model-unsupported'],
    [
      'made of several templates',
      { type: 'Sequence', processors: [1, 2].map(() => ({ type: 'BertProcessing', ...ends })) },
      'model-unsupported',
    ],
    ['without a type', {}, 'model-corrupt'],
    ['without ends', { type: 'BertProcessing' }, 'model-corrupt'],
    [
      'with an unknown token',
      {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '[X]', type_id: 0 } }],
        pair: [],
        special_tokens: {},
      },
      'model-corrupt',
    ],
  ])('is refused when it is %s', (_what, json, code) => {
    expect(() => readPostProcessor(json)).toThrow(expect.objectContaining({ code }));
  });
});
