import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { ModelCard } from '../model.ts';
import { ModelName } from '../scalars.ts';

export const hostDescribe = defineMethod({
  name: 'host.describe',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Says what a model is that a site asks for, without using the token of the user: what only the token shows is private.',
  params: v.strictObject({ model: ModelName }),
  result: v.strictObject({ card: v.optional(ModelCard), isPrivate: v.boolean() }),
});
