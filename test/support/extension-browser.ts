import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import { type CdpChannel, fromPlaywright } from './cdp.ts';
import { createLogs, type Logs } from './logs.ts';
import { type Target, type Targets, watchTargets } from './targets.ts';

/** A Chromium with the built extension in a profile of its own, and everything a test needs to look into it. */
export interface ExtensionBrowser {
  readonly context: BrowserContext;
  readonly cdp: CdpChannel;
  readonly targets: Targets;
  readonly logs: Logs;
  readonly extensionId: string;
  readonly version: string;
  /** URL of a file of the extension. */
  url(file: string): string;
  /** Opens a page of the extension (or any other URL) in a new tab. */
  open(url: string): Promise<Page>;
  /** Reloads the extension, as an update does; settles when the new one runs. */
  reload(): Promise<void>;
  /** Ends all its processes at once, none of which may do anything first; settles when they are gone. A given profile stays. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** What a browser keeps between its starts. */
export interface Profile {
  readonly path: string;
  remove(): Promise<void>;
}

export interface LaunchOptions {
  /** Folder of the built extension. */
  readonly extension: string;
  /** Without a window; the default. */
  readonly headless?: boolean;
  /** `software`, the default, gives the same results on every machine; `auto` takes the machine's own where it has one. */
  readonly adapter?: 'software' | 'auto';
  /** A profile that outlives this browser; a new one that goes with it, if left out. */
  readonly profile?: Profile;
  readonly args?: readonly string[];
}

const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/** The same results on every machine: SwiftShader computes, however slowly. */
const SOFTWARE_ADAPTER = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
const REAL_ADAPTER = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];

/** Starts the browser and waits until the extension's service worker runs. */
export async function launchExtension(options: LaunchOptions): Promise<ExtensionBrowser> {
  const profile = options.profile ?? (await makeProfile());
  const { path: executablePath, version } = await ensureBrowser('chromium');
  const context = await chromium.launchPersistentContext(profile.path, {
    executablePath,
    // Playwright's own headless mode is another browser, without extensions.
    headless: false,
    viewport: null,
    ignoreDefaultArgs: ['--disable-extensions'],
    args: flags(options),
  });
  return attachTo(context, version, async () => {
    await context.close();
    if (!options.profile) await profile.remove();
  });
}

/** Watches every context of a running browser with the extension; `close` ends it. */
export async function attachTo(
  context: BrowserContext,
  version: string,
  close: () => Promise<void>,
): Promise<ExtensionBrowser> {
  const browser = context.browser();
  if (!browser) throw new Error('The browser of a persistent context is out of reach.');
  const cdp = fromPlaywright(await browser.newBrowserCDPSession());
  const logs = createLogs();
  const targets = await watchTargets(cdp, logs.watch);
  const worker = await targets.when(isServiceWorker);
  const extensionId = new URL(worker.url).host;
  const url = (file: string) => `chrome-extension://${extensionId}/${file}`;
  const group = await browserProcess(cdp);
  return {
    context,
    cdp,
    targets,
    logs,
    extensionId,
    version,
    url,
    async open(address) {
      const page = await context.newPage();
      await page.goto(address);
      return page;
    },
    async reload() {
      const old = new Set(targets.all());
      const page = await context.newPage();
      await page.goto(url('src/ui/manager/index.html'));
      // The page that asks for it goes away together with the old extension.
      page.evaluate(reloadExtension).catch(() => {});
      await targets.when((target) => isServiceWorker(target) && !old.has(target));
      if (!page.isClosed()) await page.close();
    },
    async kill() {
      const gone = new Promise<void>((resolve) => context.once('close', () => resolve()));
      process.kill(-group, 'SIGKILL');
      await gone;
    },
    close,
  };
}

/** A new profile in developer mode: without it, the browser does not start an unpacked extension again when it reloads. */
export async function makeProfile(below = os.tmpdir()): Promise<Profile> {
  const profile = await mkdtemp(path.join(below, 'webplat-profile-'));
  await mkdir(path.join(profile, 'Default'));
  const preferences = { extensions: { ui: { developer_mode: true } } };
  await writeFile(path.join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  return { path: profile, remove: () => rm(profile, { recursive: true, force: true, maxRetries: 3 }) };
}

/** The browser's own process, which leads the group of all that it started. */
async function browserProcess(cdp: CdpChannel): Promise<number> {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const found = (processInfo as readonly { readonly type: string; readonly id: number }[]).find(
    ({ type }) => type === 'browser',
  );
  if (!found) throw new Error('The browser does not say which process it is.');
  return found.id;
}

/** Runs in a page of the extension. */
function reloadExtension(): void {
  (globalThis as unknown as { chrome: { runtime: { reload(): void } } }).chrome.runtime.reload();
}

export const isServiceWorker = ({ type, url }: Target): boolean =>
  type === 'service_worker' && url.startsWith('chrome-extension://');

export const isOffscreen = ({ type, url }: Target): boolean =>
  type === 'background_page' && url.startsWith('chrome-extension://');

/** Only Linux machines are seen without one; elsewhere the browser decides. */
function hasGraphicsDevice(): boolean {
  return process.platform !== 'linux' || ['/dev/dri/renderD128', '/dev/nvidia0'].some((file) => existsSync(file));
}

/** Command line of a Chromium whose graphics adapter is the software one, or, with `auto`, the machine's own where it has one. */
export const adapterFlags = (adapter: 'software' | 'auto'): readonly string[] =>
  adapter === 'auto' && hasGraphicsDevice() ? REAL_ADAPTER : SOFTWARE_ADAPTER;

/** Command line of a Chromium with the extension. */
export function flags({ extension, headless = true, adapter = 'software', args = [] }: LaunchOptions): string[] {
  return [
    ...(headless ? ['--headless=new'] : []),
    // As root (containers) there is no sandbox to be had.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...QUIET,
    ...adapterFlags(adapter),
    `--disable-extensions-except=${extension}`,
    `--load-extension=${extension}`,
    ...args,
  ];
}
