import { readFile } from 'node:fs/promises';
import { type Browser, chromium, type Page } from 'playwright';
import { transformWithOxc } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import { type Sites, serveSites } from '../support/sites.ts';

const SOURCE = 'src/shared/held-streams.ts';
const READS = 100;
const READ_BYTES = 4 * 2 ** 20;

let sites: Sites;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  sites = await serveSites();
  const { code } = await transformWithOxc(await readFile(SOURCE, 'utf8'), SOURCE);
  sites.add('site', '/held-streams.js', { body: code, type: 'text/javascript' });
  const { path: executablePath } = await ensureBrowser('chromium');
  browser = await chromium.launch({ executablePath, args: ['--js-flags=--expose-gc'] });
  page = await browser.newPage();
  await page.goto(`${sites.origin('site')}/`);
  await page.addScriptTag({
    type: 'module',
    content: "import { holdStreams } from '/held-streams.js'; globalThis.holdStreams = holdStreams;",
  });
  await page.waitForFunction(() => 'holdStreams' in globalThis);
});

afterAll(async () => {
  await browser?.close();
  await sites?.close();
});

it('reads blobs to their ends while garbage is collected, though nobody but the reader knows of the stream', async () => {
  const finished = await page.evaluate(readAll, { reads: READS, bytes: READ_BYTES });
  expect(finished).toBe(READS);
});

/** Runs in the page: reads as the runtime reads weights, and answers how many reads came to their end. */
async function readAll({ reads, bytes }: { reads: number; bytes: number }): Promise<number> {
  type Module = typeof import('../../src/shared/held-streams.ts');
  const { holdStreams, gc } = globalThis as unknown as Pick<Module, 'holdStreams'> & { gc(): void };
  const { blobs, release } = holdStreams([new Blob([new Uint8Array(bytes)])]);
  let finished = 0;
  async function readOne(): Promise<void> {
    const reader = blobs[0]?.slice(0, bytes).stream().getReader({ mode: 'byob' });
    let view = new Uint8Array(2 ** 20);
    let got = 0;
    for (;;) {
      const piece = await reader?.read(view);
      got += piece?.value?.byteLength ?? 0;
      if (!piece || piece.done) break;
      view = new Uint8Array(piece.value.buffer);
    }
    if (got === bytes) finished += 1;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  let collected = 0;
  for (let at = 0; at < reads; at += 1) readOne();
  const timer = setInterval(() => {
    gc();
    collected += 1;
    if (finished === reads || collected > 1000) resolve();
  }, 4);
  await promise;
  clearInterval(timer);
  release();
  return finished;
}
