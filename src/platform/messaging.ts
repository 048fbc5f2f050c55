import browser from 'webextension-polyfill';
import type { SendOneShot } from '../protocol/message.ts';

/** Sends a one-shot request to the extension's other contexts and returns the raw reply. */
export const sendOneShot: SendOneShot = (request) => browser.runtime.sendMessage(request);

/** Calls `listener` after anything that the interface shows was stored; returns a function that stops listening. */
export function onUiChanged(listener: () => void): () => void {
  const changed = () => listener();
  browser.storage.onChanged.addListener(changed);
  return () => browser.storage.onChanged.removeListener(changed);
}
