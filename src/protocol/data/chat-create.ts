import * as v from 'valibot';
import { ChatId, ChatOptions, ContextUsage } from '../chat.ts';
import { defineMethod } from '../define.ts';
import { LoadProgress } from '../generation.ts';

export const chatCreate = defineMethod({
  name: 'chat.create',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Starts a conversation that the host remembers in memory until it is destroyed or the session ends.',
  params: ChatOptions,
  result: v.strictObject({ chat: ChatId, context: ContextUsage }),
  chunk: LoadProgress,
});
