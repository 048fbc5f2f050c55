import { askOf } from '../../../permissions/ask.ts';
import { publicGrant } from '../../../permissions/public-grant.ts';
import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/** Asks the user where that is needed. */
export function handlePermissionsRequest({
  permits,
}: Pick<Services, 'permits'>): ControlHandlers['permissions.request'] {
  return async (params, { id, activated, signal, document }) => {
    const grants = await permits.obtain({ id, activated, signal, document: document() }, askOf(params));
    return { grants: grants.map(publicGrant) };
  };
}
