import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { PublicGrant } from '../grant.ts';

export const permissionsQuery = defineMethod({
  name: 'permissions.query',
  channel: 'control',
  from: ['page'],
  needs: 'origin',
  doc: 'The grants that this document could use now. Never prompts.',
  params: v.strictObject({}),
  result: v.strictObject({ grants: v.array(PublicGrant) }),
});
