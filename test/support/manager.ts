import type { Page } from 'playwright';
import type { ExtensionBrowser } from './extension-browser.ts';

/** Opens the manager in a tab, as the browser's own entry for the extension's options does. */
export function openManager(browser: ExtensionBrowser): Promise<Page> {
  return browser.open(browser.url('src/ui/manager/index.html'));
}
