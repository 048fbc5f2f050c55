import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelName } from '../scalars.ts';

export const modelsRelease = defineMethod({
  name: 'models.release',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Lets go of one `models.load`. The model leaves memory when nobody holds it and it has been idle for a while.',
  params: v.strictObject({ model: ModelName }),
  result: v.strictObject({}),
});
