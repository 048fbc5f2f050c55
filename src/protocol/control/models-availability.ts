import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelName, TaskName } from '../scalars.ts';

export const modelsAvailability = defineMethod({
  name: 'models.availability',
  channel: 'control',
  from: ['page'],
  needs: 'origin',
  doc: 'What would have to happen before the model could be used. Without a grant the answer is the same for every model, present or not; it never says what other sites have loaded.',
  params: v.strictObject({ model: ModelName, task: v.optional(TaskName) }),
  result: v.strictObject({
    availability: v.picklist(['available', 'needs-permission', 'unavailable']),
    reason: v.optional(v.pipe(v.string(), v.maxLength(512))),
  }),
});
