import type { Page } from 'playwright';
import type { Lab } from '../../offscreen/lab/lab.ts';
import type { InferParams } from '../../src/protocol/generation.ts';
import { launchExtension } from '../../test/support/extension-browser.ts';
import { serveFolder } from '../../test/support/folder.ts';
import { serveSites } from '../../test/support/sites.ts';
import { browserBytes } from '../lib/memory.ts';
import { collect } from './shared.ts';
import { type Growth, type PageFigures, REQUEST, SITES } from './sites.ts';

/** Sites that each bring runtime and model along. The extension is installed here as well, and idle. */
export async function measureOwnCopies(extension: string, lab: string): Promise<Growth> {
  const sites = await serveSites(serveFolder(lab, { isolated: true }));
  const browser = await launchExtension({ extension, adapter: 'auto' });
  try {
    const pages: Page[] = [];
    for (let site = 0; site < SITES; site++) {
      const page = await browser.open(`${sites.origin(`copy${site}`)}/offscreen/lab/index.html`);
      await page.evaluate(labReady);
      pages.push(page);
    }
    const before = await browserBytes(browser);
    const figures: PageFigures[] = [];
    const bytes: number[] = [];
    for (const page of pages) {
      figures.push(await page.evaluate(streamInLab, REQUEST as InferParams));
      bytes.push((await browserBytes(browser)) - before);
    }
    return { ...collect(figures), bytes, modelLoads: SITES, hostBytes: 0, browser: browser.version };
  } finally {
    await browser.close();
    await sites.close();
  }
}

/** Runs in the page. */
async function streamInLab(request: InferParams): Promise<PageFigures> {
  const lab: Lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  const start = performance.now();
  let firstAt = 0;
  const { text, execution } = await lab.stream(request, {
    onText: (piece) => {
      if (piece && firstAt === 0) firstAt = performance.now();
    },
  });
  return { firstTokenMs: firstAt - start, text, backend: execution.backend, adapter: execution.adapter ?? '' };
}

/** Runs in the page: settles when its host has started. */
async function labReady(): Promise<void> {
  await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
}
