import * as v from 'valibot';
import { ChatId } from '../chat.ts';
import { defineMethod } from '../define.ts';

export const chatDestroy = defineMethod({
  name: 'chat.destroy',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Forgets a conversation and aborts its running turn. Destroying twice is no error.',
  params: v.strictObject({ chat: ChatId }),
  result: v.strictObject({}),
});
