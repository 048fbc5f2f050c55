import * as v from 'valibot';
import { ChatMessage, GenerationOptions } from './generation.ts';
import { Hardware } from './hardware.ts';
import { LIMITS } from './limits.ts';
import { Count, ModelName, Token } from './scalars.ts';

/** Names one chat of one session; worthless on any other session. */
export const ChatId = Token;

export const ChatOptions = v.strictObject({
  model: ModelName,
  initialMessages: v.optional(v.pipe(v.array(ChatMessage), v.maxLength(LIMITS.chatMessages))),
  options: v.optional(GenerationOptions),
  hardware: v.optional(Hardware),
});

/** Tokens that the conversation takes of the model's context, both as the chat template counts them. */
export const ContextUsage = v.strictObject({ usedTokens: Count, windowTokens: Count });
export type ContextUsage = v.InferOutput<typeof ContextUsage>;
