import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

export function handlePromptAnswer({ prompts }: Pick<Services, 'prompts'>): UiHandlers['ui.prompt.answer'] {
  return async ({ id, answer }) => ({ accepted: await prompts.answer(id, answer) });
}
