import browser, { type Runtime } from 'webextension-polyfill';
import { extensionIdentity } from './identity.ts';
import { DATA_PORT, HOST_PORT, WATCH_PORT } from './port.ts';
import { type BrowserSender, classifySender } from './sender.ts';

/**
 * A port that documents open to the host reaches this background too, and Chromium keeps it open until both are gone. So
 * the background hangs up for a host that went away, or documents would wait on nobody. Ports from before this background's
 * start are the host's alone and need no help.
 */
export function hangUpForHost(): void {
  const ports = new Set<Runtime.Port>();
  browser.runtime.onConnect.addListener((port: Runtime.Port) => {
    if (port.name === WATCH_PORT || port.name === DATA_PORT) {
      ports.add(port);
      port.onDisconnect.addListener(() => ports.delete(port));
    }
    if (port.name !== HOST_PORT) return;
    const sender = port.sender && classifySender(port.sender as BrowserSender, extensionIdentity());
    if (sender?.kind !== 'host') return port.disconnect();
    port.onDisconnect.addListener(() => {
      for (const open of ports) open.disconnect();
      ports.clear();
    });
  });
}

/** Host's end: opens a port that ends with its document, to the background that greets it. Calling it twice is no error. */
export function createLifeline(): () => void {
  let port: Runtime.Port | undefined;
  return () => {
    if (port) return;
    const mine = browser.runtime.connect({ name: HOST_PORT });
    port = mine;
    // The background stopped; the next one greets anew.
    mine.onDisconnect.addListener(() => {
      port = undefined;
    });
  };
}
