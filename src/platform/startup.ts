import browser from 'webextension-polyfill';

/**
 * Starts a stopped background when the browser starts. What there is to do it does at each of its starts, so that nothing
 * depends on whether this event comes.
 */
export function wakeAtBrowserStart(): void {
  browser.runtime.onStartup.addListener(() => {});
}
