import * as v from 'valibot';
import { ChatId, ContextUsage } from '../chat.ts';
import { defineMethod } from '../define.ts';
import { GenerationOptions, GenerationResult, LoadProgress, TextChunk } from '../generation.ts';
import { Text } from '../scalars.ts';

export const chatPrompt = defineMethod({
  name: 'chat.prompt',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Adds a user message and streams the answer. An aborted or failed turn leaves the conversation as it was before.',
  params: v.strictObject({ chat: ChatId, input: v.pipe(Text, v.minLength(1)), options: v.optional(GenerationOptions) }),
  result: v.strictObject({ ...GenerationResult.entries, context: ContextUsage }),
  chunk: v.union([TextChunk, LoadProgress]),
});
