import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import type { PromptView } from '../../src/protocol/ui/views.ts';
import { NOW } from './fake-state.ts';
import { buildPreview, type PageName, type Preview, previewUrl, servePreview } from './preview.ts';

const FRAMES_MS = 50;

/** What the page under test offers to its tests; see `fake-environment.ts`. */
interface PreviewHandle {
  readonly sent: readonly { readonly method: string; readonly params: unknown }[];
  setPrompt(prompt: PromptView | null): void;
  setSilent(on: boolean): void;
  endJobs(): void;
}
declare global {
  var preview: PreviewHandle;
  /** How often the page asked for its window to be closed. */
  var closeCalls: number;
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly forcedColors?: 'active' | 'none';
  /** Stop the page's clock; the test moves it with `page.clock.runFor`. */
  readonly stopClock?: boolean;
}

/** One of the extension's pages, in a context of its own. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Params of the messages with this name that the page has sent. */
  sent(method: string): Promise<unknown[]>;
  /** Errors, warnings and policy violations that the page reported. */
  readonly problems: readonly string[];
}

/** A browser with the built preview. */
export interface UiBrowser extends AsyncDisposable {
  open(name: PageName, scenario: string, options?: OpenOptions): Promise<OpenPage>;
}

/** Builds the pages and starts a browser for them. */
export async function startUiBrowser(): Promise<UiBrowser> {
  const preview = await buildPreview();
  const { path: executablePath } = await ensureBrowser('chromium');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  return {
    open: (name, scenario, options = {}) => openPage(browser, preview, name, scenario, options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function openPage(
  browser: Browser,
  preview: Preview,
  name: PageName,
  scenario: string,
  { width = 480, height = 760, colorScheme = 'light', forcedColors = 'none', stopClock = false }: OpenOptions,
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    forcedColors,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(10_000);
  await servePreview(context, preview);
  await context.addInitScript(() => {
    globalThis.closeCalls = 0;
    window.close = () => {
      globalThis.closeCalls++;
    };
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  if (stopClock) {
    await page.clock.install({ time: NOW });
    await page.clock.pauseAt(NOW + 1000);
  }
  await page.goto(previewUrl(name, scenario));
  // Effects run with the page's frames, which a stopped clock does not draw by itself: one for the fetch, one for the focus.
  if (stopClock) await page.clock.runFor(FRAMES_MS);
  await page.locator('h1').waitFor({ state: 'attached' });
  if (stopClock) await advance(page, FRAMES_MS);
  return {
    page,
    problems,
    sent: (method) =>
      page.evaluate(
        (wanted) => globalThis.preview.sent.filter((message) => message.method === wanted).map(({ params }) => params),
        method,
      ),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Moves a stopped clock, after everything that observes sizes has heard of the last change. */
export async function advance(page: Page, ms: number): Promise<void> {
  // Observers are told in the order in which they were made: when this one hears, the page's own have.
  await page.evaluate(
    () => new Promise<void>((resolve) => new ResizeObserver(() => resolve()).observe(document.documentElement)),
  );
  await page.clock.runFor(ms);
}

/** Violations that axe-core finds, each with the places where it found them. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  });
}

/** Elements that reach beyond the right edge of the window. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
      .map((element) => `${element.tagName.toLowerCase()}.${element.className}`),
  );
}
