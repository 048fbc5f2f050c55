import { WebplatError } from '../../src/protocol/errors.ts';
import type { ChatMessage, GenerationOptions } from '../../src/protocol/generation.ts';
import type { Hardware } from '../../src/protocol/hardware.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { randomToken } from '../../src/shared/ids.ts';

/** A conversation, in memory only. */
export interface Chat {
  readonly model: string;
  /** What its turns are to be computed with. */
  readonly hardware: Hardware | undefined;
  readonly options: GenerationOptions;
  /** Replaced as a whole, so that a failed turn leaves the old list. */
  messages: readonly ChatMessage[];
  /** Aborts the running turn when the chat is destroyed. */
  readonly life: AbortController;
  /** One turn at a time: the second waits for the first to end. */
  turn: Promise<unknown>;
}

export interface Chats {
  create(chat: Pick<Chat, 'model' | 'hardware' | 'options' | 'messages'>): string;
  get(id: string): Chat;
  destroy(id: string): void;
  destroyAll(): void;
}

/** The conversations of one session. */
export function createChats(): Chats {
  const chats = new Map<string, Chat>();

  function destroy(id: string): void {
    chats.get(id)?.life.abort(new WebplatError('aborted', 'The chat was destroyed.'));
    chats.delete(id);
  }

  return {
    create({ model, hardware, options, messages }) {
      if (chats.size >= LIMITS.chats) {
        throw new WebplatError('busy', 'The document has too many chats; destroy one first.', { quota: LIMITS.chats });
      }
      assertFits(messages);
      const id = randomToken();
      chats.set(id, { model, hardware, options, messages, life: new AbortController(), turn: Promise.resolve() });
      return id;
    },
    get(id) {
      const chat = chats.get(id);
      if (!chat) throw new WebplatError('chat-unknown');
      return chat;
    },
    destroy,
    destroyAll() {
      for (const id of [...chats.keys()]) destroy(id);
    },
  };
}

/** Refuses a conversation that no model of ours could read, before it takes more memory. */
export function assertFits(messages: readonly ChatMessage[]): void {
  const chars = messages.reduce((sum, { content }) => sum + content.length, 0);
  if (messages.length > LIMITS.chatMessages || chars > LIMITS.textChars) {
    throw new WebplatError('invalid-request', 'The conversation is too long.', {
      requested: chars,
      quota: LIMITS.textChars,
    });
  }
}
