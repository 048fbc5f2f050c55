import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright';
import { ensureBrowser } from '../../../scripts/browsers/ensure.ts';
import type { MediaPage } from './media/main.ts';
import { buildPage, extensionPolicy, serve } from './model-page.ts';

/** A page that holds the decoders and nothing else, under the content security policy of the extension. */
export interface MediaPageHost {
  readonly errors: readonly string[];
  call<Name extends keyof MediaPage>(
    name: Name,
    ...args: Parameters<MediaPage[Name]>
  ): Promise<Awaited<ReturnType<MediaPage[Name]>>>;
  close(): Promise<void>;
}

export async function startMediaPage(): Promise<MediaPageHost> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'webplat-media-page-'));
  await buildPage(folder, 'media');
  const server = await serve(folder, new Map(), await extensionPolicy());
  const { path: executablePath } = await ensureBrowser('chromium');
  const args = ['--headless=new', '--no-sandbox', '--disable-background-networking', '--no-first-run'];
  const autoplay = '--autoplay-policy=no-user-gesture-required';
  const browser = await chromium.launch({ executablePath, headless: false, args: [...args, autoplay] });
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  return {
    errors,
    call: async (name, ...given) => (await page.evaluate(callInPage, [name, given] as const)) as never,
    async close() {
      await browser.close();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Runs in the page, whose functions are typed on this side of the call. */
function callInPage([name, values]: readonly [string, readonly unknown[]]): unknown {
  type Functions = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
  return (globalThis as unknown as { mediaPage: Functions }).mediaPage[name]?.(...values);
}
