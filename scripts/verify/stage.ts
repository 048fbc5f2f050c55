import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium, webkit } from 'playwright';
import type { Lab } from '../../offscreen/lab/lab.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import type { PerformedTask } from '../../src/protocol/tasks/tasks.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { ensureBuild } from '../../test/support/build.ts';
import { launchExtension } from '../../test/support/extension-browser.ts';
import { launchFirefox } from '../../test/support/firefox.ts';
import { type Hub, hubSettings, serveHub } from '../../test/support/hub/hub.ts';
import { repoOfFolder } from '../../test/support/hub/repo.ts';
import { type AskIn, askLab, askPage, type DrivenPage } from '../../test/support/infer-in-page.ts';
import { serveLab } from '../../test/support/lab-server.ts';
import { allow } from '../../test/support/page-client.ts';
import { serveSites } from '../../test/support/sites.ts';
import { openUiClient } from '../../test/support/ui-client.ts';
import { BrowserError } from '../browsers/find.ts';
import { ensureHeadlessShell, WEBNN_FLAGS } from '../browsers/headless-shell.ts';
import { VerifyFailure } from './failure.ts';

/** Browsers that models are verified in: Chromium with the extension, the others with the host as a plain page. */
export const BROWSERS = ['chromium', 'firefox', 'webkit'] as const;
export type BrowserName = (typeof BROWSERS)[number];

/** A model that is served as a hub would, in a page that may ask for it. */
export interface ServedModel {
  readonly model: string;
  readonly page: DrivenPage;
  readonly ask: AskIn;
}

/** A browser, and a hub that serves models to it. */
export interface Stage {
  /** Name and release. */
  readonly browser: string;
  /** Serves a checkpoint and its input files. */
  serve(folder: string, tasks: readonly PerformedTask[]): Promise<ServedModel>;
  close(): Promise<void>;
}

/** Chromium without extensions and with WebNN is a program of its own. */
export type StageName = BrowserName | 'headless-shell';

/** @throws VerifyFailure where the browser is not there */
export async function openStage(browser: StageName): Promise<Stage> {
  const hub = await serveHub();
  try {
    return await (browser === 'chromium' ? openExtension(hub) : openLab(hub, browser));
  } catch (error) {
    await hub.close();
    throw error;
  }
}

/** Puts a folder on the hub, under a name of the same last part. */
async function publish(hub: Hub, folder: string): Promise<string> {
  const name = `org/${path.basename(folder).replace(/[^A-Za-z0-9._-]/g, '-')}`;
  hub.put(name, await repoOfFolder(folder));
  return `hf:${name}`;
}

async function openExtension(hub: Hub): Promise<Stage> {
  const extension = await ensureBuild('dist');
  const sites = await serveSites();
  const browser = await launchExtension({ extension, adapter: 'auto' });
  const ui = await openUiClient(browser);
  await ui.call(uiSettingsSet, hubSettings(hub));
  return {
    browser: `Chromium ${/\d[\d.]*/.exec(browser.version)?.[0] ?? ''}`,
    async serve(folder, tasks) {
      const site = path
        .basename(folder)
        .replace(/[^a-z0-9]/gi, '-')
        .toLowerCase();
      for (const file of await readdir(path.join(folder, 'inputs')).catch(() => [])) {
        const body = await readFile(path.join(folder, 'inputs', file));
        sites.add(site, `/inputs/${file}`, { body, type: 'application/octet-stream' });
      }
      const model = await publish(hub, folder);
      const page = await browser.open(`${sites.origin(site)}/`);
      const limits = { maxRatePerMinute: 100_000 };
      const granted = await allow(browser, page, { models: [model], tasks: [...tasks, 'tensors'], limits });
      if (!granted.ok) throw new Error(granted.message);
      return { model, page: page as DrivenPage, ask: askPage };
    },
    async close() {
      await browser.close();
      await sites.close();
      await hub.close();
    },
  };
}

interface Driven {
  readonly page: DrivenPage & { goto(url: string): Promise<unknown> };
  readonly release: string;
  close(): Promise<void>;
}

async function openLab(hub: Hub, name: Exclude<StageName, 'chromium'>): Promise<Stage> {
  let folder = '';
  const driven = await DRIVERS[name]();
  const more = async (requested: string) => {
    const [, file] = /^\/inputs\/([^/]+)$/.exec(requested) ?? [];
    const body = file && (await readFile(path.join(folder, 'inputs', file)).catch(() => undefined));
    return body ? { body, type: 'application/octet-stream' } : undefined;
  };
  const lab = await serveLab({ more });
  await driven.page.goto(lab.url);
  // Private windows are given little room, of which nothing has to be left for others.
  await driven.page.evaluate(configure, hubSettings(hub, { diskReserveBytes: 0 }));
  return {
    browser: driven.release,
    async serve(next) {
      folder = next;
      return { model: await publish(hub, next), page: driven.page, ask: askLab };
    },
    async close() {
      await driven.close();
      await lab.close();
      await hub.close();
    },
  };
}

/** Runs in the lab. */
async function configure(settings: Settings): Promise<void> {
  const lab: Lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  await lab.configure(settings);
}

const DRIVERS = { firefox: driveFirefox, webkit: driveWebkit, 'headless-shell': driveHeadlessShell };

async function driveHeadlessShell(): Promise<Driven> {
  const executablePath = await ensureHeadlessShell().catch((error) => {
    throw error instanceof BrowserError ? new VerifyFailure(error.message) : error;
  });
  const browser = await chromium.launch({ executablePath, args: WEBNN_FLAGS });
  return {
    page: (await browser.newPage()) as unknown as Driven['page'],
    release: `Chromium ${browser.version()}`,
    close: () => browser.close(),
  };
}

async function driveFirefox(): Promise<Driven> {
  const browser = await launchFirefox();
  const page = (await browser.newPage()) as unknown as Driven['page'];
  return {
    page,
    release: `Firefox ${/\d[\d.]*/.exec(await browser.version())?.[0] ?? ''}`,
    close: () => browser.close(),
  };
}

async function driveWebkit(): Promise<Driven> {
  if (!existsSync(webkit.executablePath())) {
    const remedy = 'npx playwright install webkit brings it where the network allows that';
    throw new VerifyFailure(`Playwright's WebKit is not installed, so nothing was verified; ${remedy}.`);
  }
  const browser = await webkit.launch();
  const page = (await browser.newPage()) as Driven['page'];
  return { page, release: `WebKit ${browser.version()}`, close: () => browser.close() };
}
