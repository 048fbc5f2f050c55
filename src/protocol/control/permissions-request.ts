import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { PermissionRequest, PublicGrant } from '../grant.ts';

export const permissionsRequest = defineMethod({
  name: 'permissions.request',
  channel: 'control',
  from: ['page'],
  needs: 'origin',
  doc: 'Asks the user, unless a grant already covers the request. Needs user activation; answers with what was granted, which may be less.',
  params: PermissionRequest,
  result: v.strictObject({ grants: v.array(PublicGrant) }),
});
