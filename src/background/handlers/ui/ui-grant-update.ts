import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** The user edits a grant; narrower or wider, it is their word. */
export function handleGrantUpdate({
  permissions,
  consequences,
}: Pick<Services, 'permissions' | 'consequences'>): UiHandlers['ui.grant.update'] {
  return async ({ id, caveats }) => {
    const grant = await permissions.setCaveats(id, caveats);
    if (grant) await consequences.changed({ invoker: grant.invoker, topOrigin: grant.topOrigin });
    return { updated: grant !== undefined };
  };
}
