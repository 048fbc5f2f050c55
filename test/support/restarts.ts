import type { Page } from 'playwright';
import { afterAll, beforeAll, expect } from 'vitest';
import { ensureBuild } from './build.ts';
import { type ExtensionBrowser, launchExtension, makeProfile, type Profile } from './extension-browser.ts';
import { type Sites, serveSites } from './sites.ts';

/** A profile and the browser that runs in it now; the browser can be killed and started again. */
export interface Restarts {
  readonly browser: ExtensionBrowser;
  readonly sites: Sites;
  visit(name: string): Promise<Page>;
  /** Kills the browser with all its processes and starts another one in the same profile. */
  killAndRestart(): Promise<void>;
}

/**
 * Call at the top of a test file. No browser is asked to end before it is killed; the logs of each are held against what was
 * announced before it goes.
 */
export function useRestarts(): Restarts {
  let browser: ExtensionBrowser | undefined;
  let sites: Sites | undefined;
  let profile: Profile | undefined;

  const start = async () => {
    if (!profile) throw new Error('The profile is there only while tests run.');
    browser = await launchExtension({ extension: await ensureBuild('dist'), profile });
  };
  const expectQuiet = () => expect(browser?.logs.unexpected() ?? []).toEqual([]);

  beforeAll(async () => {
    sites = await serveSites();
    profile = await makeProfile();
    await start();
  });
  afterAll(async () => {
    try {
      expectQuiet();
    } finally {
      await browser?.close();
      await sites?.close();
      await profile?.remove();
    }
  });

  const restarts: Restarts = {
    get browser() {
      if (!browser) throw new Error('The browser runs only while tests do.');
      return browser;
    },
    get sites() {
      if (!sites) throw new Error('The sites are served only while tests run.');
      return sites;
    },
    visit: (name) => restarts.browser.open(`${restarts.sites.origin(name)}/`),
    async killAndRestart() {
      expectQuiet();
      await restarts.browser.kill();
      await start();
    },
  };
  return restarts;
}
