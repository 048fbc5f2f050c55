import { defineMethod } from '../define.ts';
import { StoreAct, StoreOutcome } from '../store.ts';

export const uiAct = defineMethod({
  name: 'ui.act',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Does to a model on disk what the user wants.',
  params: StoreAct,
  result: StoreOutcome,
});
