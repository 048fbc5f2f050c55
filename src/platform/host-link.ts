import { is } from 'valibot';
import browser, { type Runtime } from 'webextension-polyfill';
import { type OneShotReply, OneShotRequest } from '../protocol/message.ts';
import type { DataPort } from '../shared/port.ts';
import { acceptData, DATA_PORT } from './port.ts';

/**
 * Whether a message came from this extension's background. The browser fills `sender`: pages and content scripts have a
 * tab, extension documents have a document, and only the background script has neither. The manifest, which names the
 * script, cannot be read from an offscreen document.
 */
function isBackground(sender: Runtime.MessageSender & { documentId?: string }): boolean {
  if (sender.id !== browser.runtime.id || sender.tab || sender.documentId !== undefined) return false;
  return sender.url !== undefined && SCRIPT_URL.test(sender.url) && sender.url.startsWith(browser.runtime.getURL(''));
}

const SCRIPT_URL = /\.js$/;

/** Answers requests of the `host` channel; anything else, and anybody else, is left to others. */
export function onHostRequest(answer: (request: OneShotRequest) => Promise<OneShotReply>): void {
  browser.runtime.onMessage.addListener((message: unknown, sender: Runtime.MessageSender) => {
    if (!is(OneShotRequest, message) || message.channel !== 'host' || !isBackground(sender)) return undefined;
    return answer(message);
  });
}

/**
 * Takes the data ports that documents open straight to the host where a bridge is not possible. `origin` is the
 * document's as the browser says; the token is still to be checked.
 */
export function onDataPort(take: (token: string, port: DataPort, origin: string | undefined) => void): void {
  browser.runtime.onConnect.addListener((port) => {
    if (port.name !== DATA_PORT) return;
    const sender = port.sender as (Runtime.MessageSender & { origin?: string }) | undefined;
    if (sender?.id !== browser.runtime.id || !sender.tab) return port.disconnect();
    acceptData(port, (token, data) => take(token, data, sender.origin));
  });
}

/** Takes the ports that the service worker hands on, from bridges and from the manager. */
export function onBridgedPort(take: (message: unknown, port: MessagePort) => void): void {
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener('message', (event) => {
    const [port] = event.ports;
    if (port && event.source instanceof ServiceWorker) take(event.data, port);
  });
  serviceWorker.startMessages();
}
