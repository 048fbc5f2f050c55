import { subjectKey } from '../../../permissions/identity.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** The user takes grants back. Taking all back also settles what was unreadable: nothing is left of it to decide. */
export function handleGrantRevoke({
  permissions,
  consequences,
}: Pick<Services, 'permissions' | 'consequences'>): UiHandlers['ui.grant.revoke'] {
  return async (params) => {
    const removed = await permissions.remove(({ id }) => params.all || params.ids.includes(id));
    if (params.all) await permissions.forgetDamage();
    const subjects = new Map(
      removed.map(({ invoker, topOrigin }) => [subjectKey({ invoker, topOrigin }), { invoker, topOrigin }]),
    );
    await Promise.all([...subjects.values()].map((subject) => consequences.changed(subject)));
    return { revoked: removed.length };
  };
}
