import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelName } from '../scalars.ts';

export const hostUnload = defineMethod({
  name: 'host.unload',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Removes a model from memory, aborting what runs on it.',
  params: v.strictObject({ model: ModelName }),
  result: v.strictObject({ unloaded: v.boolean() }),
});
