import browser from 'webextension-polyfill';
import type { ExtensionIdentity } from './sender.ts';

/** This extension, as the browser names it in the sender of every message. */
export function extensionIdentity(): ExtensionIdentity {
  return { id: browser.runtime.id, origin: browser.runtime.getURL('').replace(/\/$/, '') };
}
