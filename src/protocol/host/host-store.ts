import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { StoreState } from '../store.ts';

export const hostStore = defineMethod({
  name: 'host.store',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'What is on disk, exact to the byte.',
  params: v.strictObject({}),
  result: StoreState,
});
