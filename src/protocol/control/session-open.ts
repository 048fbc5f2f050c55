import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { PermissionRequest } from '../grant.ts';
import { Token } from '../scalars.ts';

export const sessionOpen = defineMethod({
  name: 'session.open',
  channel: 'control',
  from: ['page'],
  needs: 'origin',
  doc: 'Opens the session of the document, or widens it, prompting where no grant covers the request. The token stays with the relay; the page only learns that the session is open.',
  params: PermissionRequest,
  result: v.strictObject({ token: Token }),
});
