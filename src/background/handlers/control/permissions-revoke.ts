import { isSameSubject } from '../../../permissions/identity.ts';
import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/** A site gives back what it holds, in all its documents with the same surroundings. */
export function handlePermissionsRevoke({
  permissions,
  consequences,
}: Pick<Services, 'permissions' | 'consequences'>): ControlHandlers['permissions.revoke'] {
  return async (_params, call) => {
    const { subject } = call.document();
    const removed = await permissions.remove((grant) => isSameSubject(grant, subject));
    if (removed.length > 0) await consequences.changed(subject);
    return { revoked: removed.length };
  };
}
