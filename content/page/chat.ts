import type { PortClient } from '../../src/protocol/client.ts';
import type { ContextUsage, GenerationResult, Session } from '../webplat.d.ts';
import { pinned, type Route } from './connection.ts';
import { wireError } from './errors.ts';
import { accessor, freeze, frozenMembers, NativePromise } from './primordials.ts';
import { fields, optional } from './read.ts';
import { NOBODY, readGeneration, readMessages, readPrompt, readSignal, readWaiter, type Waiter } from './requests.ts';
import { PROGRESS_CREDIT, promised, sealed, type Work } from './start-call.ts';
import { textStream } from './text-stream.ts';

/** What the host answers when a conversation begins. */
export interface ChatStarted {
  readonly chat: string;
  readonly context: ContextUsage;
}

function readTurn(what: string, chat: string, input: unknown, given: unknown) {
  const text = readPrompt(`${what}: input`, input);
  const from = fields(what, given === undefined ? {} : given, ['options', 'signal', 'onProgress']);
  const options = optional(`${what}: options`, from.options, readGeneration);
  return { params: { chat, input: text, options }, waiter: readWaiter(what, from, 'onProgress') };
}

/** The page's end of one conversation. It is bound to the client that it began on and is lost with it. */
export function createChat(client: PortClient, started: ChatStarted): Session {
  const { chat } = started;
  const route: Route = pinned(client, wireError('chat-unknown'));
  let usage = freeze(started.context);
  const work = (method: string, params: unknown, waiter: Waiter): Work => {
    return { method, params, transfer: undefined, waiter, credit: PROGRESS_CREDIT };
  };
  const noteUsage = (value: unknown) => {
    usage = freeze((value as { context: ContextUsage }).context);
  };
  const turnDone = (value: unknown): GenerationResult => {
    noteUsage(value);
    const { text, finishReason, execution } = value as GenerationResult;
    return sealed({ text, finishReason, execution: freeze(execution) });
  };
  const methods: Omit<Session, 'contextUsage'> = {
    prompt: (input, options) =>
      promised(() => {
        const { params, waiter } = readTurn('prompt', chat, input, options);
        return { route, work: work('chat.prompt', params, waiter), convert: turnDone };
      }),
    promptStreaming(input, options) {
      const { params, waiter } = readTurn('promptStreaming', chat, input, options);
      return textStream(route, work('chat.prompt', params, waiter), turnDone);
    },
    append: (messages, options) =>
      promised(() => {
        const params = { chat, messages: readMessages('append: messages', messages, 1) };
        return { route, work: work('chat.append', params, readSignal('append', options)), convert: noteUsage };
      }),
    clone: (options) =>
      promised(() => ({
        route,
        work: work('chat.clone', { chat }, readSignal('clone', options)),
        convert: (value) => createChat(client, value as ChatStarted),
      })),
    destroy: () =>
      client.closed
        ? new NativePromise<void>((resolve) => resolve())
        : promised(() => ({ route, work: work('chat.destroy', { chat }, NOBODY), convert() {} })),
  };
  const session = frozenMembers(methods) as Session;
  accessor(session, 'contextUsage', () => usage);
  return sealed(session);
}
