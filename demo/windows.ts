import type { Page } from 'playwright';
import type { ExtensionBrowser } from '../test/support/extension-browser.ts';

const SCREEN = { width: 1440, height: 860 };

/** Opens each address in a window of its own, all side by side. */
export async function openSideBySide(browser: ExtensionBrowser, urls: readonly string[]): Promise<readonly Page[]> {
  const width = Math.floor(SCREEN.width / urls.length);
  const pages: Page[] = [];
  for (const [index, url] of urls.entries()) {
    const opened = browser.context.waitForEvent('page');
    await browser.cdp.send('Target.createTarget', { url: 'about:blank', newWindow: true });
    const page = await opened;
    const session = await browser.context.newCDPSession(page);
    const { windowId } = await session.send('Browser.getWindowForTarget');
    await session.send('Browser.setWindowBounds', {
      windowId,
      bounds: { left: index * width, top: 0, width, height: SCREEN.height },
    });
    await page.goto(url);
    pages.push(page);
  }
  return pages;
}

/** One image of several windows beside each other, as they lie on the screen. */
export async function shootSideBySide(browser: ExtensionBrowser, pages: readonly Page[], file: string): Promise<void> {
  const shots = await Promise.all(pages.map((page) => page.screenshot()));
  const canvas = await browser.context.newPage();
  await canvas.setViewportSize(SCREEN);
  const images = shots.map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`).join('');
  await canvas.setContent(
    `<style>body{margin:0}div{display:flex;align-items:start;width:max-content}</style><div>${images}</div>`,
  );
  await canvas.locator('div').screenshot({ path: file });
  await canvas.close();
}
