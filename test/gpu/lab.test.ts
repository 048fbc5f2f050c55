import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../offscreen/lab/lab.ts';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import type { Settings } from '../../src/protocol/settings.ts';
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

interface Question {
  readonly prompt: string;
  readonly answer: string;
}

/** Runs in the page: streams one answer and tells where it was computed. */
async function ask({ backend, input }: { backend: Settings['backend']; input: string }) {
  const lab: Lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  await lab.configure({ backend });
  const pieces: string[] = [];
  const result = await lab.stream(
    { model: 'packaged:storyteller', task: 'text-generation', input, options: { maxNewTokens: 48 } },
    { onText: (text) => pieces.push(text) },
  );
  const status = await lab.status();
  return {
    ...result,
    pieces,
    isolated: crossOriginIsolated,
    extension: 'chrome' in globalThis && 'runtime' in (globalThis as unknown as { chrome: object }).chrome,
    tier: status.residents.find((resident) => resident.backend === result.execution.backend)?.tier,
  };
}

describe.each(['Chromium', 'Firefox'] as const)('the host as a plain page in %s', (name) => {
  let driven: Driven;
  let server: Awaited<ReturnType<typeof serveLab>>;
  let questions: readonly Question[];
  beforeAll(async () => {
    const lines = (await readFile('models/storyteller/eval/sentiment.jsonl', 'utf8')).split('\n').slice(0, 3);
    questions = lines.map((line) => JSON.parse(line) as Question);
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
      const result = await driven.page.evaluate(ask, { backend, input: prompt });
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
