import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { JobAct } from '../store.ts';

export const uiJob = defineMethod({
  name: 'ui.job',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Stops work on the files of a model, or puts away how it ended. False when there is no such job any more.',
  params: JobAct,
  result: v.strictObject({ known: v.boolean() }),
});
