import browser, { type Runtime } from 'webextension-polyfill';
import { type OneShotReply, OneShotRequest } from '../protocol/message.ts';
import { is } from 'valibot';

/**
 * Whether a message came from this extension's background. The browser fills `sender`: pages and content scripts have a
 * tab, extension documents have their own URL, and only the background has the URL of the background script.
 */
function isBackground(sender: Runtime.MessageSender): boolean {
  const background = browser.runtime.getManifest().background as { service_worker?: string } | undefined;
  if (sender.id !== browser.runtime.id || sender.tab || !background?.service_worker) return false;
  return sender.url === browser.runtime.getURL(background.service_worker);
}

/** Answers requests of the `host` channel; anything else, and anybody else, is left to others. */
export function onHostRequest(answer: (request: OneShotRequest) => Promise<OneShotReply>): void {
  browser.runtime.onMessage.addListener((message: unknown, sender: Runtime.MessageSender) => {
    if (!is(OneShotRequest, message) || message.channel !== 'host' || !isBackground(sender)) return undefined;
    return answer(message);
  });
}

/** Takes the ports that the service worker hands on from bridges. */
export function onBridgedPort(take: (message: unknown, port: MessagePort) => void): void {
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener('message', (event) => {
    const [port] = event.ports;
    if (port && event.source instanceof ServiceWorker) take(event.data, port);
  });
  serviceWorker.startMessages();
}
