import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { StoreState } from '../store.ts';

export const uiStore = defineMethod({
  name: 'ui.store',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'What is on disk, for the manager; starts the host, which alone can look.',
  params: v.strictObject({}),
  result: v.strictObject({ ...StoreState.entries, hasToken: v.boolean() }),
});
