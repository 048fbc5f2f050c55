import browser, { type Runtime } from 'webextension-polyfill';
import type { DataPort } from '../shared/port.ts';
import { extensionIdentity } from './identity.ts';
import { CONTROL_PORT, fromRuntimePort } from './port.ts';
import { type BrowserSender, classifySender, type PageSender } from './sender.ts';

/** Answers every message at once, whatever else it leads to: the relay cannot see that a background stopped. */
const HEARD = { kind: 'heard' };

/**
 * Calls `accept` for every control port that a page's relay opens. Ports of other names are left alone, because they may
 * be meant for another context; a control port of anybody else is closed.
 */
export function onControlPort(accept: (port: DataPort, sender: PageSender) => void): void {
  browser.runtime.onConnect.addListener((port: Runtime.Port) => {
    if (port.name !== CONTROL_PORT) return;
    const sender = port.sender && classifySender(port.sender as BrowserSender, extensionIdentity());
    // Control messages hold no buffers, so they need no codec in any browser.
    if (sender?.kind === 'page') accept(answering(fromRuntimePort(port, 'clone')), sender);
    else port.disconnect();
  });
}

function answering(port: DataPort): DataPort {
  return {
    ...port,
    onMessage(listener) {
      port.onMessage((message) => {
        port.post(HEARD);
        if (!isPing(message)) listener(message);
      });
    },
  };
}

function isPing(message: unknown): boolean {
  return (message as { ping?: unknown } | null)?.ping === true;
}
