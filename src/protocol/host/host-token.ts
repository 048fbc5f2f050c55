import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { HubToken } from '../store.ts';

export const hostToken = defineMethod({
  name: 'host.token',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Hands over the hub token of the user, or takes it back.',
  params: v.strictObject({ token: v.optional(HubToken) }),
  result: v.strictObject({}),
});
