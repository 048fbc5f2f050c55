import type { Page } from 'playwright';
import type { InferRequest } from '../../content/webplat.d.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { type ExtensionBrowser, launchExtension } from '../../test/support/extension-browser.ts';
import { allow } from '../../test/support/page-client.ts';
import { serveSites } from '../../test/support/sites.ts';
import { openUiClient } from '../../test/support/ui-client.ts';
import { browserBytes } from '../lib/memory.ts';
import { type Growth, type PageFigures, REQUEST, SITES } from './sites.ts';

/** Sites that use the extension, one after the other. */
export async function measureShared(extension: string): Promise<Growth> {
  const sites = await serveSites();
  const browser = await launchExtension({ extension, adapter: 'auto' });
  try {
    const pages: Page[] = [];
    for (let site = 0; site < SITES; site++) {
      const page = await browser.open(`${sites.origin(`site${site}`)}/`);
      const granted = await allow(browser, page, { models: [REQUEST.model] });
      if (!granted.ok) throw new Error(granted.message);
      pages.push(page);
    }
    const before = await browserBytes(browser);
    const figures: PageFigures[] = [];
    const bytes: number[] = [];
    for (const page of pages) {
      figures.push(await page.evaluate(streamInPage, REQUEST));
      bytes.push((await browserBytes(browser)) - before);
    }
    return { ...collect(figures), bytes, ...(await hostOf(browser)), browser: browser.version };
  } finally {
    await browser.close();
    await sites.close();
  }
}

/** What all pages said, in the order of the sites. */
export function collect(
  figures: readonly PageFigures[],
): Pick<Growth, 'firstTokenMs' | 'texts' | 'backend' | 'adapter'> {
  return {
    firstTokenMs: figures.map(({ firstTokenMs }) => firstTokenMs),
    texts: figures.map(({ text }) => text),
    backend: [...new Set(figures.map(({ backend }) => backend))].join(', '),
    adapter: [...new Set(figures.map(({ adapter }) => adapter))].join(', '),
  };
}

async function hostOf(browser: ExtensionBrowser): Promise<Pick<Growth, 'modelLoads' | 'hostBytes'>> {
  const ui = await openUiClient(browser);
  const { host } = await ui.call(uiState, {});
  return { modelLoads: host?.modelLoads ?? 0, hostBytes: (host?.gpuBytes ?? 0) + (host?.cpuBytes ?? 0) };
}

/** Runs in the page. */
async function streamInPage(request: InferRequest): Promise<PageFigures> {
  const start = performance.now();
  const stream = window.webplat?.stream(request);
  if (!stream) throw new Error('There is no window.webplat.');
  let firstAt = 0;
  for await (const { text } of stream) if (text && firstAt === 0) firstAt = performance.now();
  const { text, execution } = await stream.result;
  return { firstTokenMs: firstAt - start, text, backend: execution.backend, adapter: execution.adapter ?? '' };
}
