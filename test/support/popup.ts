import type { Page } from 'playwright';
import type { CdpChannel } from './cdp.ts';
import type { ExtensionBrowser } from './extension-browser.ts';
import type { Target } from './targets.ts';

/** The popup as it hangs from the toolbar. Playwright does not count it among its pages, hence the protocol. */
export interface Popup {
  /** What a person reads in it. */
  text(): Promise<string>;
  /** Clicks the button with this accessible name by real input, once it can be clicked. */
  click(name: string): Promise<void>;
}

/** What the protocol's own description asks for before a toolbar button can be pressed; Chromium 156 does without. */
export const TOOLBAR_ARGS: readonly string[] = ['--enable-unsafe-extension-debugging'];

/**
 * Presses the extension's toolbar button on `page`, as a user does: the popup opens on that tab, and learns its address
 * (`activeTab`). Rejects in a browser whose protocol has no `Extensions.triggerAction`.
 */
export async function openPopup(browser: ExtensionBrowser, page: Page): Promise<Popup> {
  await page.bringToFront();
  const isPopup = ({ url }: Target) => url === browser.url('src/ui/popup/index.html');
  const targetId = await tabOf(browser.cdp, page.url());
  await browser.cdp.send('Extensions.triggerAction', { id: browser.extensionId, targetId });
  const { channel } = await browser.targets.when(isPopup);
  return {
    text: () => evaluate(channel, () => document.body?.innerText ?? ''),
    async click(name) {
      const { x, y } = await evaluate(channel, whereIs, name);
      const at = { x, y, button: 'left', clickCount: 1 };
      await channel.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
      await channel.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
    },
  };
}

/** The protocol tells a tab from the page in it, and takes only tabs here. */
async function tabOf(cdp: CdpChannel, url: string): Promise<string> {
  interface Info {
    readonly targetId: string;
    readonly url: string;
  }
  const { targetInfos } = await cdp.send('Target.getTargets', { filter: [{ type: 'tab' }] });
  const tab = (targetInfos as readonly Info[]).find((info) => info.url === url);
  if (!tab) throw new Error(`No tab shows ${url}.`);
  return tab.targetId;
}

async function evaluate<A extends readonly string[], T>(
  channel: CdpChannel,
  run: (...args: A) => T | Promise<T>,
  ...args: A
): Promise<T> {
  const { result, exceptionDetails } = (await channel.send('Runtime.evaluate', {
    expression: `(${run})(...${JSON.stringify(args)})`,
    awaitPromise: true,
    returnByValue: true,
  })) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'The popup threw.');
  return result.value;
}

/** Runs in the popup: the middle of the enabled button with this name, as soon as there is one. */
function whereIs(name: string): Promise<{ x: number; y: number }> {
  return new Promise((resolve) => {
    const look = () => {
      const named = (button: HTMLButtonElement) => (button.ariaLabel ?? button.textContent) === name;
      const button = [...document.querySelectorAll('button')].find((each) => named(each) && !each.disabled);
      if (!button) return;
      watching.disconnect();
      button.scrollIntoView({ block: 'center' });
      const { x, y, width, height } = button.getBoundingClientRect();
      resolve({ x: x + width / 2, y: y + height / 2 });
    };
    const watching = new MutationObserver(look);
    watching.observe(document, { subtree: true, childList: true, attributes: true });
    look();
  });
}
