import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Subject } from '../grant.ts';

export const uiDenialClear = defineMethod({
  name: 'ui.denial.clear',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Lets a site that was denied ask again before its cool-down ends.',
  params: v.strictObject({ subject: Subject }),
  result: v.strictObject({}),
});
