import type * as v from 'valibot';
import type { ChatOptions, ContextUsage } from '../../src/protocol/chat.ts';
import type { ChatMessage, GenerationOptions } from '../../src/protocol/generation.ts';
import { onAbort } from '../../src/shared/abort.ts';
import type { ServedCall } from '../data/serve-port.ts';
import type { LoadedModel } from '../engines/engine.ts';
import { assertFits, type Chat } from '../sessions/chats.ts';
import { openRequest, type Session } from '../sessions/session.ts';
import { type ExecuteCall, execute, type Services } from './execute.ts';
import { generate } from './generate.ts';

async function usageOf(model: LoadedModel, messages: readonly ChatMessage[]): Promise<ContextUsage> {
  const usedTokens = messages.length === 0 ? 0 : await model.countTokens([...messages]);
  return { usedTokens, windowTokens: model.info.contextTokens ?? 0 };
}

/** Tokens of `messages` on `model`; counting is a request like any other: permitted, limited, queued. */
function measure(
  services: Services,
  session: Session,
  { model, hardware }: Pick<Chat, 'model' | 'hardware'>,
  messages: readonly ChatMessage[],
  call: ExecuteCall,
) {
  return execute(services, session, { model, task: 'text-generation', hardware }, call, (execution) =>
    usageOf(execution.model, messages),
  );
}

/** Starts a conversation; the model is loaded, so that the context is known. */
export async function createChat(
  services: Services,
  session: Session,
  params: v.InferOutput<typeof ChatOptions>,
  call: ServedCall,
) {
  const { model, hardware, initialMessages: messages = [], options = {} } = params;
  assertFits(messages);
  const context = await measure(services, session, { model, hardware }, messages, call);
  const chat = session.chats.create({ model, hardware, options, messages });
  return { value: { chat, context } };
}

/**
 * One turn at a time per chat: waits for the turn before, whichever way it ends. A turn that waits is an open request, so
 * that the user's stop ends all of them and not only the one that runs.
 */
async function inTurn<T>(session: Session, chat: Chat, call: ExecuteCall, task: () => Promise<T>): Promise<T> {
  const stopListening = onAbort(chat.life.signal, () => call.abort(chat.life.signal.reason));
  const waiting = openRequest(session, { model: chat.model, task: 'text-generation' }, call);
  const turn = chat.turn.then(() => {
    waiting.close();
    call.signal.throwIfAborted();
    return task();
  });
  chat.turn = turn.catch(() => {}).finally(stopListening);
  return turn;
}

/** Asks and streams the answer. The conversation grows by both messages only when the answer is complete. */
export async function promptChat(
  services: Services,
  session: Session,
  params: { chat: string; input: string; options?: GenerationOptions | undefined },
  call: ServedCall,
) {
  const chat = session.chats.get(params.chat);
  return inTurn(session, chat, call, async () => {
    const asked: ChatMessage[] = [...chat.messages, { role: 'user', content: params.input }];
    assertFits(asked);
    const options = { ...chat.options, ...params.options };
    const result = await generate(
      services,
      session,
      { model: chat.model, hardware: chat.hardware, input: asked, options },
      call,
    );
    chat.messages = [...asked, { role: 'assistant', content: result.text }];
    const { inputTokens, outputTokens } = result.execution;
    const context = { usedTokens: inputTokens + outputTokens, windowTokens: await windowOf(services, chat) };
    return { value: { ...result, context } };
  });
}

/** The context window of a chat's model as its card states it; the model may have left memory meanwhile. */
async function windowOf(services: Services, chat: Chat): Promise<number> {
  return (await services.source.resolve(chat.model))?.card.contextTokens ?? 0;
}

/** Adds messages without asking for an answer. */
export async function appendChat(
  services: Services,
  session: Session,
  params: { chat: string; messages: ChatMessage[] },
  call: ServedCall,
) {
  const chat = session.chats.get(params.chat);
  return inTurn(session, chat, call, async () => {
    const messages = [...chat.messages, ...params.messages];
    assertFits(messages);
    const context = await measure(services, session, chat, messages, call);
    chat.messages = messages;
    return { value: { context } };
  });
}

/** Copies a conversation as it is when its running turn has ended. */
export async function cloneChat(services: Services, session: Session, id: string, call: ServedCall) {
  const chat = session.chats.get(id);
  return inTurn(session, chat, call, async () => {
    const context = await measure(services, session, chat, chat.messages, call);
    const { model, hardware, options, messages } = chat;
    const copy = session.chats.create({ model, hardware, options, messages });
    return { value: { chat: copy, context } };
  });
}

/** Forgets a conversation; its running turn is aborted. */
export function destroyChat(session: Session, id: string) {
  session.chats.destroy(id);
  return { value: {} };
}
