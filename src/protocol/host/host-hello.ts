import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Token } from '../scalars.ts';
import { Settings } from '../settings.ts';

export const hostHello = defineMethod({
  name: 'host.hello',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'First message of every background start: hands over the settings and adopts a host that outlived the last one. `instance` changes when the host was restarted and its sessions are gone.',
  params: v.strictObject({ settings: Settings }),
  result: v.strictObject({ instance: Token, sessions: v.array(Token) }),
});
