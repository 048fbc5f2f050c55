import type { CDPSession } from 'playwright';

type Listener = (params: Record<string, unknown>) => void;

/** A DevTools protocol session of one target, whether reached directly or through another session. */
export interface CdpChannel {
  send(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>;
  on(event: string, listener: Listener): void;
}

/** The protocol session of a whole browser, as Playwright hands it out. */
export function fromPlaywright(session: CDPSession): CdpChannel {
  const untyped = session as unknown as {
    send(method: string, params?: object): Promise<Record<string, unknown>>;
    on(event: string, listener: Listener): void;
  };
  return {
    send: (method, params) => untyped.send(method, params),
    on: (event, listener) => untyped.on(event, listener),
  };
}

interface Pending {
  resolve(result: Record<string, unknown>): void;
  reject(error: Error): void;
}

interface Incoming {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/**
 * A session that travels inside `parent` (`Target.sendMessageToTarget`): Playwright's own sessions cannot address the
 * child sessions of flattened attachment, and workers are only reachable through the document that owns them.
 */
export function openChild(parent: CdpChannel, sessionId: string): CdpChannel & { close(): void } {
  const pending = new Map<number, Pending>();
  const listeners = new Map<string, Listener[]>();
  let lastId = 0;
  const receive = (incoming: Incoming) => {
    if (incoming.id === undefined) {
      for (const listener of listeners.get(incoming.method ?? '') ?? []) listener(incoming.params ?? {});
      return;
    }
    const call = pending.get(incoming.id);
    pending.delete(incoming.id);
    if (incoming.error) call?.reject(new Error(incoming.error.message));
    else call?.resolve(incoming.result ?? {});
  };
  parent.on('Target.receivedMessageFromTarget', (event) => {
    if (event.sessionId === sessionId) receive(JSON.parse(String(event.message)) as Incoming);
  });
  return {
    send(method, params = {}) {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        parent
          .send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) })
          .catch(reject);
      });
    },
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    },
    close() {
      for (const call of pending.values()) call.reject(new Error('The target went away.'));
      pending.clear();
    },
  };
}
