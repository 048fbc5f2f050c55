import browser from 'webextension-polyfill';
import type { ExtensionIdentity } from './sender.ts';

/** This extension, as the browser names it in the sender of every message. */
export function extensionIdentity(): ExtensionIdentity {
  return { id: browser.runtime.id, origin: new URL(browser.runtime.getURL('')).origin };
}

/** The version in the manifest; never told to a page. */
export function extensionVersion(): string {
  return browser.runtime.getManifest().version;
}
