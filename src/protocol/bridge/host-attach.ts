import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Token } from '../scalars.ts';

export const hostAttach = defineMethod({
  name: 'host.attach',
  channel: 'bridge',
  from: ['background'],
  needs: 'session',
  doc: 'Hands the port of a checked bridge to the host, which serves the session on it from then on.',
  params: v.strictObject({ token: Token }),
  result: v.strictObject({}),
});
