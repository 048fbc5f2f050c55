import * as v from 'valibot';
import { defineMethod } from '../define.ts';

export const permissionsRevoke = defineMethod({
  name: 'permissions.revoke',
  channel: 'control',
  from: ['page'],
  needs: 'origin',
  doc: 'Gives back every grant of the calling site and ends its sessions.',
  params: v.strictObject({}),
  result: v.strictObject({ revoked: v.number() }),
});
