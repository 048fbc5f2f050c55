import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelCard } from '../model.ts';

export const modelsList = defineMethod({
  name: 'models.list',
  channel: 'control',
  from: ['page'],
  needs: 'origin',
  doc: 'The models that the grants of the site allow. Empty without a grant.',
  params: v.strictObject({}),
  result: v.strictObject({ models: v.array(ModelCard) }),
});
