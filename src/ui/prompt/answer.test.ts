import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ECHO, LIMITS, makePrompt, STORYTELLER } from '../../../test/ui/fake-state.ts';
import { PromptAnswer } from '../../protocol/ui/views.ts';
import { assembleAnswer, draftOf } from './answer.ts';

const view = makePrompt({ models: [STORYTELLER, ECHO], tasks: ['text-generation', 'tensors'] });

describe('assembleAnswer', () => {
  it('starts with everything asked for, for the shortest time', () => {
    expect(assembleAnswer(view, draftOf(view))).toEqual({
      ok: true,
      answer: {
        decision: 'allow',
        duration: { kind: 'once' },
        models: ['packaged:storyteller', 'packaged:echo'],
        tasks: ['text-generation', 'tensors'],
        limits: LIMITS,
      },
    });
  });

  it('narrows models, tasks and limits', () => {
    const draft = draftOf(view);
    const assembled = assembleAnswer(view, {
      models: new Set(['packaged:echo']),
      tasks: new Set(['tensors']),
      limits: { ...draft.limits, maxTokens: '16', maxComputeMsPerDay: '0.5' },
      duration: 'day',
    });
    expect(assembled).toEqual({
      ok: true,
      answer: {
        decision: 'allow',
        duration: { kind: 'timed', ms: 86_400_000 },
        models: ['packaged:echo'],
        tasks: ['tensors'],
        limits: { ...LIMITS, maxTokens: 16, maxComputeMsPerDay: 30_000 },
      },
    });
  });

  it('cannot be made wider than the request', () => {
    const draft = draftOf(view);
    const assembled = assembleAnswer(view, { ...draft, models: new Set([...draft.models, 'packaged:other']) });
    expect(assembled).toMatchObject({ answer: { models: ['packaged:storyteller', 'packaged:echo'] } });
    expect(assembleAnswer(view, { ...draft, limits: { ...draft.limits, maxTokens: '1025' } })).toEqual({
      ok: false,
      limits: { maxTokens: 'At most 1024, what the site asked for.' },
      nothing: false,
    });
  });

  it('is no answer when nothing is chosen', () => {
    expect(assembleAnswer(view, { ...draftOf(view), models: new Set() })).toMatchObject({ ok: false, nothing: true });
    expect(assembleAnswer(view, { ...draftOf(view), tasks: new Set() })).toMatchObject({ ok: false, nothing: true });
  });

  it.each(['once', 'session', 'hour', 'day', 'month', 'always'] as const)(
    'is valid for the duration %s',
    (duration) => {
      const assembled = assembleAnswer(view, { ...draftOf(view), duration });
      expect(assembled.ok && v.is(PromptAnswer, assembled.answer)).toBe(true);
    },
  );
});
