import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import { askStoryteller, type Question, readQuestions } from '../support/ask-storyteller.ts';
import { launchFirefox } from '../support/firefox.ts';
import { serveLab } from '../support/lab-server.ts';

/** The two functions of a driven page that are needed; Playwright's and Puppeteer's agree on them. */
interface DrivenPage {
  goto(url: string): Promise<unknown>;
  evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
}

interface Driven {
  readonly page: DrivenPage;
  close(): Promise<void>;
}

const BROWSERS: Readonly<Record<'Chromium' | 'Firefox', () => Promise<Driven>>> = {
  async Chromium() {
    const { path: executablePath } = await ensureBrowser('chromium');
    const flags = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
    const browser = await chromium.launch({
      executablePath,
      headless: false,
      args: ['--headless=new', '--no-sandbox', '--disable-background-networking', ...flags],
    });
    return { page: (await browser.newPage()) as DrivenPage, close: () => browser.close() };
  },
  async Firefox() {
    const browser = await launchFirefox();
    return { page: (await browser.newPage()) as unknown as DrivenPage, close: () => browser.close() };
  },
};

describe.each(['Chromium', 'Firefox'] as const)('the host as a plain page in %s', (name) => {
  let driven: Driven;
  let server: Awaited<ReturnType<typeof serveLab>>;
  let questions: readonly Question[];
  beforeAll(async () => {
    questions = await readQuestions(3);
    server = await serveLab();
    driven = await BROWSERS[name]();
    await driven.page.goto(server.url);
  });
  afterAll(async () => {
    await driven?.close();
    await server?.close();
  });

  it.each(['webgpu', 'wasm'] as const)('streams the right answers from the packaged model on %s', async (backend) => {
    for (const { prompt, answer } of questions) {
      const result = await driven.page.evaluate(askStoryteller, { backend, input: prompt });
      expect(result.text).toBe(answer);
      expect(result.pieces.join('')).toBe(answer);
      expect(result.pieces.length).toBeGreaterThan(1);
      expect(result.execution.backend).toBe(backend === 'webgpu' ? 'REAL_WEBGPU' : 'REAL_WASM');
      expect(result.tier).toBe(backend === 'webgpu' ? 'jspi/webgpu' : 'wasm/cpu');
      expect(result.isolated).toBe(true);
      expect(result.extension).toBe(false);
    }
  });
});
