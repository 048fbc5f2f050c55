import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { TaskName } from '../scalars.ts';

export const capabilities = defineMethod({
  name: 'capabilities',
  channel: 'control',
  from: ['page'],
  needs: 'nothing',
  doc: 'What the page may count on. Tiers stay empty until the site holds a grant, so that they do not identify a device.',
  params: v.strictObject({}),
  result: v.strictObject({
    granted: v.boolean(),
    tasks: v.array(TaskName),
    tiers: v.array(v.picklist(['webgpu', 'wasm'])),
  }),
});
