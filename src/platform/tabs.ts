import browser from 'webextension-polyfill';

/** The tab that the popup was opened on. `url` is known because opening the popup grants `activeTab`. */
export interface ActiveTab {
  readonly id: number;
  readonly url: string | undefined;
}

/** The active tab of the window this page belongs to, where there is one. */
export async function activeTab(): Promise<ActiveTab | undefined> {
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  return tab?.id === undefined ? undefined : { id: tab.id, url: tab.url };
}

/** Opens the manager in a tab, or shows the tab that has it already. */
export async function openManager(): Promise<void> {
  await browser.runtime.openOptionsPage();
}
