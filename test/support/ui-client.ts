import type { Page } from 'playwright';
import type { Method, ParamsOf, ResultOf } from '../../src/protocol/define.ts';
import { callOneShot } from '../../src/protocol/message.ts';
import type { ExtensionBrowser } from './extension-browser.ts';
import { openManager } from './manager.ts';

/** A page of the extension, through which a test says what the user's own clicks in the interface would say. */
export interface UiClient {
  readonly page: Page;
  call<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
}

/** Opens the manager page and speaks the `ui` channel from it. */
export async function openUiClient(browser: ExtensionBrowser): Promise<UiClient> {
  const page = await openManager(browser);
  return {
    page,
    call: (method, params) => callOneShot((request) => page.evaluate(sendMessage, request), method, params),
  };
}

/** Runs in the page. */
function sendMessage(request: unknown): Promise<unknown> {
  const { chrome } = globalThis as unknown as {
    chrome: { runtime: { sendMessage(message: unknown): Promise<unknown> } };
  };
  return chrome.runtime.sendMessage(request);
}
