import { publicGrant } from '../../../permissions/public-grant.ts';
import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/** What the document may use now. */
export function handlePermissionsQuery({ permits }: Pick<Services, 'permits'>): ControlHandlers['permissions.query'] {
  return async (_params, call) => ({ grants: (await permits.usable(call.document())).map(publicGrant) });
}
