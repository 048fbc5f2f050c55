import { uiPromptAnswer } from '../../src/protocol/ui/ui-prompt-answer.ts';
import { uiPromptGet } from '../../src/protocol/ui/ui-prompt-get.ts';
import type { PromptAnswer, PromptView } from '../../src/protocol/ui/views.ts';
import { type FakeWorld, settled } from './fake-world.ts';

type Allowance = Extract<PromptAnswer, { decision: 'allow' }>;

/** The answer that gives all that a prompt shows. */
export function yesTo({ models, tasks, limits }: PromptView, duration: Allowance['duration']): Allowance {
  return { decision: 'allow', duration, models: models.map(({ name }) => name), tasks, limits };
}

/** Somebody who answers the prompt that is shown. */
export function createUser(world: () => FakeWorld) {
  async function shown(): Promise<PromptView> {
    const { prompt } = await world().ui(uiPromptGet, { id: world().promptIds[0] ?? '0'.repeat(32) });
    if (!prompt) throw new Error('no prompt is shown');
    return prompt;
  }

  async function say(answer: (view: PromptView) => PromptAnswer): Promise<void> {
    const view = await shown();
    await world().ui(uiPromptAnswer, { id: view.id, answer: answer(view) });
    await settled();
  }

  return {
    shown,
    allow: (duration: Allowance['duration'] = { kind: 'always' }) => say((view) => yesTo(view, duration)),
    answer: (decision: 'deny' | 'dismiss') => say(() => ({ decision })),
  };
}
