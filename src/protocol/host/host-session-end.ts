import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { WireError } from '../errors.ts';
import { Token } from '../scalars.ts';

export const hostSessionEnd = defineMethod({
  name: 'host.session.end',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Ends a session: its requests fail with the reason, its port closes, its references are dropped.',
  params: v.strictObject({ token: Token, reason: WireError }),
  result: v.strictObject({ ended: v.boolean() }),
});
