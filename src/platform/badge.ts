import browser from 'webextension-polyfill';

const COLOR = '#1a6b3c';

/** Marks the toolbar button of a tab in which sites may run models, or takes the mark away. */
export async function setBadge(tabId: number, sites: number): Promise<void> {
  try {
    await browser.action.setBadgeText({ tabId, text: sites === 0 ? '' : String(Math.min(sites, 99)) });
    if (sites > 0) await browser.action.setBadgeBackgroundColor({ tabId, color: COLOR });
  } catch {
    // The tab was closed.
  }
}
