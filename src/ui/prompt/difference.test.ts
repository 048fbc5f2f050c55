import { expect, it } from 'vitest';
import { CAVEATS, ECHO, LIMITS, makePrompt, STORYTELLER } from '../../../test/ui/fake-state.ts';
import { differenceOf } from './difference.ts';

it('marks nothing in a first request', () => {
  expect(differenceOf(makePrompt())).toEqual({
    incremental: false,
    newModels: new Set(),
    newTasks: new Set(),
    raised: new Map(),
  });
});

it('marks what is wider than what is held, and only that', () => {
  const view = makePrompt({
    models: [STORYTELLER, ECHO],
    tasks: ['text-generation', 'tensors'],
    limits: { ...LIMITS, maxTokens: 4096, maxConcurrent: 1 },
    holds: CAVEATS,
  });
  expect(differenceOf(view)).toEqual({
    incremental: true,
    newModels: new Set(['packaged:echo']),
    newTasks: new Set(['tensors']),
    raised: new Map([['maxTokens', 1024]]),
  });
});

it('finds nothing new for a site that holds everything', () => {
  const holds = { ...CAVEATS, models: '*', tasks: '*' } as const;
  expect(differenceOf(makePrompt({ models: [ECHO], holds })).newModels.size).toBe(0);
});

it('takes an empty list for nothing held', () => {
  const holds = { ...CAVEATS, models: [], tasks: [] };
  expect(differenceOf(makePrompt({ holds })).newModels).toEqual(new Set(['packaged:storyteller']));
});
