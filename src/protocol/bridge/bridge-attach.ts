import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Origin, Token } from '../scalars.ts';

export const bridgeAttach = defineMethod({
  name: 'bridge.attach',
  channel: 'bridge',
  from: ['bridge'],
  needs: 'session',
  doc: "Carries one MessagePort from a page's frame through the service worker to the host. `origin` is the MessageEvent's origin as the browser told the bridge and must be the session's.",
  params: v.strictObject({ token: Token, origin: Origin }),
  result: v.strictObject({}),
});
