import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** The user lets a site ask again. */
export function handleDenialClear({ permissions }: Pick<Services, 'permissions'>): UiHandlers['ui.denial.clear'] {
  return async ({ subject }) => {
    await permissions.clearDenial(subject);
    return {};
  };
}
