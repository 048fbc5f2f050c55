import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Token } from '../scalars.ts';
import { PromptView } from './views.ts';

export const uiPromptGet = defineMethod({
  name: 'ui.prompt.get',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: 'What a prompt window shows; null when the request was answered or withdrawn meanwhile.',
  params: v.strictObject({ id: Token }),
  result: v.strictObject({ prompt: v.nullable(PromptView) }),
});
