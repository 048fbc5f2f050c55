import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

export function handlePromptGet({ prompts }: Pick<Services, 'prompts'>): UiHandlers['ui.prompt.get'] {
  return async ({ id }) => ({ prompt: await prompts.view(id) });
}
