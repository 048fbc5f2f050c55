import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright';
import { uiState } from '../src/protocol/ui/ui-state.ts';
import { ensureBuild } from '../test/support/build.ts';
import { type ExtensionBrowser, launchExtension } from '../test/support/extension-browser.ts';
import { isPromptUrl, nextPrompt, replyToPrompt } from '../test/support/prompt.ts';
import { openUiClient } from '../test/support/ui-client.ts';
import type { DemoReport, SiteFigures } from './report.ts';
import { DEMO_SITES, serveDemo } from './serve.ts';
import { openSideBySide, shootSideBySide } from './windows.ts';

export interface DemoOptions {
  readonly headless: boolean;
  readonly software: boolean;
  /** Folder for images; none are made without it. */
  readonly screenshots?: string;
  /** Called when both sites have their text; the windows may stay open after it. */
  onReport(report: DemoReport): void;
}

/** The size that the prompt's window asks for. */
const PROMPT_SIZE = { width: 480, height: 760 };

type Seen = SiteFigures & { readonly firstAt: number; readonly lastAt: number };

/** Two sites, one model. Without a window it clicks by itself; with one it waits for a person, and for the window to close. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const extension = await ensureBuild('dist');
  const sites = await serveDemo();
  const browser = await launchExtension({
    extension,
    headless: options.headless,
    adapter: options.software ? 'software' : 'auto',
  });
  try {
    const closed = new Promise<void>((resolve) => browser.context.once('close', () => resolve()));
    const prompts = countPrompts(browser);
    const urls = DEMO_SITES.map(({ name }) => `${sites.origin(name)}/`);
    const pages = await openSideBySide(browser, urls);
    if (options.headless) await clickThrough(browser, pages, options.screenshots);
    else
      console.log(
        `Two sites are open: ${urls.join(' and ')}\nPress the button on each, and allow it in webplat's window.`,
      );
    const seen = await Promise.all(pages.map(resultOf));
    const report = await summarise(browser, seen, prompts());
    if (options.screenshots) await shootSideBySide(browser, pages, path.join(options.screenshots, 'demo.png'));
    options.onReport(report);
    if (!options.headless) {
      console.log('Close the browser to end the demo.');
      await closed;
    }
    return report;
  } finally {
    await browser.close();
    await sites.close();
  }
}

/** Counts prompt windows from now on. */
function countPrompts(browser: ExtensionBrowser): () => number {
  const shown = new Set<Page>();
  browser.context.on('page', (page) => {
    const look = () => isPromptUrl(browser, page.url()) && shown.add(page);
    look();
    page.on('framenavigated', look);
  });
  return () => shown.size;
}

async function clickThrough(
  browser: ExtensionBrowser,
  pages: readonly Page[],
  screenshots: string | undefined,
): Promise<void> {
  if (screenshots) await mkdir(screenshots, { recursive: true });
  for (const [index, page] of pages.entries()) {
    await page.bringToFront();
    const opening = nextPrompt(browser);
    await page.click('#go');
    const prompt = await opening;
    await prompt.locator('#allow[aria-disabled=false]').waitFor();
    if (screenshots && index === 0) {
      // Without a screen the window is lower than it asks to be.
      await prompt.setViewportSize(PROMPT_SIZE);
      await prompt.screenshot({ path: path.join(screenshots, 'prompt.png') });
    }
    await replyToPrompt(prompt, { click: 'allow', duration: 'session' });
  }
}

/** The figures that a site wrote into its document, once it has them; rejects with what went wrong there instead. */
async function resultOf(page: Page): Promise<Seen> {
  const written = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const root = document.documentElement;
        const look = () => {
          const { result, error } = root.dataset;
          if (result ?? error) resolve(result ?? JSON.stringify({ error }));
        };
        new MutationObserver(look).observe(root, { attributes: true });
        look();
      }),
  );
  const outcome = JSON.parse(written) as Seen | { readonly error: string };
  if ('error' in outcome) throw new Error(`${page.url()} got the error ${outcome.error}.`);
  return outcome;
}

async function summarise(browser: ExtensionBrowser, seen: readonly Seen[], promptsShown: number): Promise<DemoReport> {
  const ui = await openUiClient(browser);
  const { host } = await ui.call(uiState, {});
  await ui.page.close();
  const together = Math.min(...seen.map(({ lastAt }) => lastAt)) - Math.max(...seen.map(({ firstAt }) => firstAt));
  return {
    sites: seen.map(({ firstAt, lastAt, ...figures }) => figures),
    modelLoads: host?.modelLoads ?? 0,
    residentModels: host?.residents.filter(({ state }) => state === 'ready').length ?? 0,
    gpuBytes: host?.gpuBytes ?? 0,
    hostHeapBytes: host?.hostHeapBytes ?? null,
    promptsShown,
    togetherMs: Math.max(0, together),
    browser: browser.version,
  };
}
