import browser, { type Runtime } from 'webextension-polyfill';
import type { DataPort } from '../shared/port.ts';
import { ATTACHED, WATCH_PORT } from './port.ts';

/**
 * Tells when a document that talks over a MessagePort is gone. Chromium fires no `close` event on a MessagePort, so the
 * relay keeps a silent runtime port open to the host for as long as the document lives: it disconnects when either side
 * goes away, without waking the background.
 */
export interface Watches {
  /** The port with an `onClose` that works. Closes at once where nobody watches the document of this token. */
  watched(token: string, port: DataPort): DataPort;
  /** Tells the document what became of the port it gave away, which cannot say so itself: it is served, or refused. */
  answer(token: string, served: boolean): void;
}

/** The part of a runtime port that a watch uses. */
export type WatchPort = Pick<Runtime.Port, 'name' | 'postMessage' | 'disconnect'> & {
  readonly onMessage: { addListener(listener: (message: unknown) => void): void };
  readonly onDisconnect: { addListener(listener: () => void): void };
};

/** Watches every watch port that `listen` reports. */
export function createWatches(listen: (accept: (port: WatchPort) => void) => void): Watches {
  const open = new Map<string, { readonly port: WatchPort; readonly listeners: Set<() => void> }>();

  listen((port) => {
    let token: string | undefined;
    const listeners = new Set<() => void>();
    port.onMessage.addListener((message) => {
      const { token: given } = (message ?? {}) as { token?: unknown };
      if (token !== undefined || typeof given !== 'string' || given.length > 64) return;
      token = given;
      open.set(token, { port, listeners });
      port.postMessage({ watching: true });
    });
    port.onDisconnect.addListener(() => {
      // A newer watch of the same session has taken the place, never the listeners.
      if (token !== undefined && open.get(token)?.port === port) open.delete(token);
      for (const tell of [...listeners]) tell();
      listeners.clear();
    });
  });

  return {
    watched(token, port) {
      let onClose = () => {};
      let ended = false;
      const listeners = open.get(token)?.listeners;
      const finish = () => {
        if (ended) return false;
        ended = true;
        listeners?.delete(lost);
        return true;
      };
      const lost = () => {
        if (!finish()) return;
        port.close();
        onClose();
      };
      listeners?.add(lost);
      if (!listeners) queueMicrotask(lost);
      return {
        post: port.post,
        onMessage: port.onMessage,
        onClose(listener) {
          onClose = listener;
          port.onClose(lost);
        },
        close() {
          finish();
          port.close();
        },
      };
    },
    answer(token, served) {
      const watch = open.get(token);
      if (served) watch?.port.postMessage(ATTACHED);
      else watch?.port.disconnect();
      if (!served) open.delete(token);
    },
  };
}

/** Watch ports of this extension's relays, as the browser says who opened them. */
export function onWatchPort(accept: (port: WatchPort) => void): void {
  browser.runtime.onConnect.addListener((port) => {
    if (port.name !== WATCH_PORT) return;
    if (port.sender?.id === browser.runtime.id && port.sender.tab) accept(port as WatchPort);
    else port.disconnect();
  });
}
