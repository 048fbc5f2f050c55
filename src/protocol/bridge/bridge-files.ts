import * as v from 'valibot';
import { defineMethod } from '../define.ts';

export const bridgeFiles = defineMethod({
  name: 'bridge.files',
  channel: 'bridge',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Carries one MessagePort from the manager through the service worker to the host, for one request of the `files` channel.',
  params: v.strictObject({}),
  result: v.strictObject({}),
});
