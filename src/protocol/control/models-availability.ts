import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Bytes, ModelName, TaskName } from '../scalars.ts';

export const modelsAvailability = defineMethod({
  name: 'models.availability',
  channel: 'control',
  from: ['page'],
  needs: 'origin',
  doc: 'What would have to happen before the model could be used. Without a grant the answer is the same for every model, present or not. `ready` is what this site itself holds in memory: what others have loaded counts as on disk.',
  params: v.strictObject({ model: ModelName, task: v.optional(TaskName) }),
  result: v.strictObject({
    availability: v.picklist(['ready', 'on-disk', 'downloadable', 'needs-permission', 'unavailable']),
    /** What has to be downloaded first; with `downloadable`. */
    bytes: v.optional(Bytes),
    /** Set where it is larger than the memory that models may take, and layers would be read from disk for every token. */
    streamed: v.optional(v.literal(true)),
    reason: v.optional(v.pipe(v.string(), v.maxLength(512))),
  }),
});
