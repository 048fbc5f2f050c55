import type { BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { ensureBuild } from './build.ts';
import { type ExtensionBrowser, launchExtension, type Profile } from './extension-browser.ts';
import { type Sites, serveSites } from './sites.ts';

/** A browser with the extension and some sites, for all tests of a file. */
export interface Suite {
  readonly browser: ExtensionBrowser;
  readonly sites: Sites;
  /** Opens `/` of the site in a new tab. */
  visit(name: string, path?: string): Promise<Page>;
}

/**
 * Call at the top of a test file. Starts before its tests, ends after them; pages are closed after each test, and a test
 * fails when any context of the browser logged an error that the test did not announce (`browser.logs.expectError`).
 */
export function useExtension({
  profile,
  ...options
}: {
  readonly args?: readonly string[];
  readonly profile?: () => Promise<Profile>;
} = {}): Suite {
  let browser: ExtensionBrowser | undefined;
  let sites: Sites | undefined;

  beforeAll(async () => {
    sites = await serveSites();
    const extension = await ensureBuild('dist');
    browser = await launchExtension({ extension, ...options, ...(profile && { profile: await profile() }) });
  });
  afterEach(async () => {
    if (!browser) return;
    await closePages(browser.context);
    const unexpected = browser.logs.unexpected();
    browser.logs.clear();
    expect(unexpected).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await sites?.close();
  });

  const suite: Suite = {
    get browser() {
      return present(browser);
    },
    get sites() {
      return present(sites);
    },
    visit: (name, path = '/') => suite.browser.open(`${suite.sites.origin(name)}${path}`),
  };
  return suite;
}

/** Closes all tabs and windows but one, since a browser without any window ends. */
async function closePages(context: BrowserContext): Promise<void> {
  const pages = context.pages();
  await context.newPage();
  await Promise.all(pages.map((page) => page.close()));
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The browser runs only while tests do.');
  return value;
}
