import type { Page } from 'playwright';

declare global {
  /** What live regions said since {@link listen}. */
  var heard: string[];
}

/** Listens to the live regions of the page from now on, as a screen reader does: to what is added to them. */
export async function listen(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.evaluate(() => {
    globalThis.heard = [];
    const live = (node: Node | null) =>
      (node instanceof Element ? node : node?.parentElement)?.closest('[aria-live], [role=alert]');
    new MutationObserver((changes) => {
      for (const { type, target, addedNodes } of changes) {
        const said = type === 'characterData' ? [target] : [...addedNodes].filter((node) => live(node));
        for (const node of said) if (live(node) && node.textContent) globalThis.heard.push(node.textContent);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => globalThis.heard);
}
