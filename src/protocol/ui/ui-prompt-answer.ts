import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Token } from '../scalars.ts';
import { PromptAnswer } from './views.ts';

export const uiPromptAnswer = defineMethod({
  name: 'ui.prompt.answer',
  channel: 'ui',
  from: ['ui'],
  needs: 'nothing',
  doc: "The user's answer, checked against what was asked. A second answer to the same prompt changes nothing.",
  params: v.strictObject({ id: Token, answer: PromptAnswer }),
  result: v.strictObject({ accepted: v.boolean() }),
});
