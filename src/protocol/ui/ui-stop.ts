import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Subject } from '../grant.ts';
import { Count } from '../scalars.ts';

export const uiStop = defineMethod({
  name: 'ui.stop',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Aborts the running requests of one site, or of all; permissions stay.',
  params: v.strictObject({ subject: v.optional(Subject) }),
  result: v.strictObject({ aborted: Count }),
});
