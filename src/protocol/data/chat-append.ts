import * as v from 'valibot';
import { ChatId, ContextUsage } from '../chat.ts';
import { defineMethod } from '../define.ts';
import { ChatMessage } from '../generation.ts';
import { LIMITS } from '../limits.ts';

export const chatAppend = defineMethod({
  name: 'chat.append',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Adds messages to a conversation without asking for an answer.',
  params: v.strictObject({
    chat: ChatId,
    messages: v.pipe(v.array(ChatMessage), v.minLength(1), v.maxLength(LIMITS.chatMessages)),
  }),
  result: v.strictObject({ context: ContextUsage }),
});
