import * as v from 'valibot';
import { ChatId, ContextUsage } from '../chat.ts';
import { defineMethod } from '../define.ts';

export const chatClone = defineMethod({
  name: 'chat.clone',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Copies a conversation; the copies go their own ways.',
  params: v.strictObject({ chat: ChatId }),
  result: v.strictObject({ chat: ChatId, context: ContextUsage }),
});
