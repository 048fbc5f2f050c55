import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { LIMITS } from '../limits.ts';
import { ModelName } from '../scalars.ts';

export const hostWarm = defineMethod({
  name: 'host.warm',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Begins to load models that are wholly on disk into memory that nothing else takes, so that they are ready when a site asks.',
  params: v.strictObject({ models: v.pipe(v.array(ModelName), v.maxLength(LIMITS.listedNames)) }),
  result: v.strictObject({}),
});
