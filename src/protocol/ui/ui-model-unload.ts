import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelName } from '../scalars.ts';

export const uiModelUnload = defineMethod({
  name: 'ui.model.unload',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'Removes a model from memory.',
  params: v.strictObject({ model: ModelName }),
  result: v.strictObject({ unloaded: v.boolean() }),
});
