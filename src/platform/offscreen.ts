import browser from 'webextension-polyfill';
import { createOffscreenDocument, extensionContexts } from './chromium.ts';
import { OFFSCREEN_PATH } from './sender.ts';

const JUSTIFICATION = 'Runs machine-learning models in workers, once for all sites that the user allowed to use them.';

let creating: Promise<void> | undefined;

/** Whether the host's document exists, made by this background or by one before it. */
export async function hasHostDocument(): Promise<boolean> {
  return (await extensionContexts('OFFSCREEN_DOCUMENT')).length > 0;
}

/** Makes the host's document unless there is one. Calls that overlap share one attempt; a failed one is not kept. */
export function ensureHostDocument(): Promise<void> {
  creating ??= create().finally(() => {
    creating = undefined;
  });
  return creating;
}

async function create(): Promise<void> {
  if (await hasHostDocument()) return;
  try {
    await createOffscreenDocument(browser.runtime.getURL(OFFSCREEN_PATH), JUSTIFICATION);
  } catch (error) {
    // A background that was stopped meanwhile may have made it: there is never more than one.
    if (!(await hasHostDocument())) throw error;
  }
}
