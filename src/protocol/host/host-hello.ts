import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Token } from '../scalars.ts';
import { Settings } from '../settings.ts';
import { GrantedSites, HubToken } from '../store.ts';

export const hostHello = defineMethod({
  name: 'host.hello',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'First message of every background start: hands over settings and secrets and adopts a host that outlived the last one. `instance` changes when the host was restarted and its sessions are gone.',
  params: v.strictObject({
    settings: Settings,
    token: v.optional(HubToken),
    /** Sites that hold a grant: references of any others to models on disk are dropped. */
    sites: GrantedSites,
  }),
  result: v.strictObject({ instance: Token, sessions: v.array(Token) }),
});
