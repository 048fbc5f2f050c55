import { defineMethod } from '../define.ts';
import { StoreAct, StoreOutcome } from '../store.ts';

export const hostAct = defineMethod({
  name: 'host.act',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Does to a model on disk what the user wants.',
  params: StoreAct,
  result: StoreOutcome,
});
