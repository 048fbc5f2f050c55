import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { HubToken } from '../store.ts';

export const uiToken = defineMethod({
  name: 'ui.token',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Sets or removes the hub token of the user. It is never told again, neither to pages nor to the interface.',
  params: v.strictObject({ token: v.optional(HubToken) }),
  result: v.strictObject({}),
});
