import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelCard } from '../model.ts';

export const hostModels = defineMethod({
  name: 'host.models',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Describes the models that the host could load without fetching anything.',
  params: v.strictObject({}),
  result: v.strictObject({ models: v.array(ModelCard) }),
});
