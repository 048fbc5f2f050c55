import { chromium } from 'playwright';
import type { Lab } from '../../offscreen/lab/lab.ts';
import type { ReadBackTimes } from '../../offscreen/lab/read-back-times.ts';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import { formatTable } from '../../scripts/lib/table.ts';
import { launchFirefox } from '../../test/support/firefox.ts';
import { serveLab } from '../../test/support/lab-server.ts';
import type { Bench } from '../lib/bench.ts';
import { spreadOf } from '../lib/statistics.ts';

const ROUNDS = 30;
const SOFTWARE_ADAPTER = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

/** What is needed of a driven page; Playwright's and Puppeteer's agree on it. */
interface DrivenPage {
  goto(url: string): Promise<unknown>;
  evaluate<A, R>(run: (argument: A) => Promise<R>, argument: A): Promise<R>;
}

const timesIn = async (page: DrivenPage, url: string): Promise<ReadBackTimes> => {
  await page.goto(url);
  return page.evaluate(async (rounds) => {
    const { webplatLab } = globalThis as unknown as { webplatLab: Promise<Lab> };
    return (await webplatLab).readBackTimes(rounds);
  }, ROUNDS);
};

async function inFirefox(url: string): Promise<{ times: ReadBackTimes; version: string }> {
  const browser = await launchFirefox();
  try {
    const page = (await browser.newPage()) as unknown as DrivenPage;
    return { times: await timesIn(page, url), version: await browser.version() };
  } finally {
    await browser.close();
  }
}

async function inChromium(url: string): Promise<{ times: ReadBackTimes; version: string }> {
  const { path: executablePath, version } = await ensureBrowser('chromium');
  const browser = await chromium.launch({
    executablePath,
    headless: false,
    args: ['--headless=new', '--no-sandbox', '--disable-background-networking', ...SOFTWARE_ADAPTER],
  });
  try {
    return { times: await timesIn((await browser.newPage()) as DrivenPage, url), version };
  } finally {
    await browser.close();
  }
}

/** What kicking the queue gains while a read-back is pending, in browsers that look for finished work on a timer. */
export const readBack: Bench = {
  name: 'read-back',
  method:
    `A copy of 16 bytes and mapAsync, ${ROUNDS} times each way in turns, in the lab page: plain, and while queue.submit([]) is called\n` +
    'once an event loop turn until it resolves. Chromium is the control: it does not need the remedy.',
  async run() {
    const server = await serveLab();
    try {
      const results = [await inFirefox(server.url), await inChromium(server.url)];
      const rows = results.map(({ times, version }) => {
        const [plain, kicked] = [spreadOf(times.plainMs), spreadOf(times.kickedMs)];
        const show = ({ median, min, max }: typeof plain) =>
          `${median.toFixed(1)} ms (${min.toFixed(1)}-${max.toFixed(1)})`;
        return { version, adapter: times.adapter, plain, kicked, gain: plain.median / kicked.median, show };
      });
      const [firefox] = rows;
      return {
        figures: { browsers: rows.map(({ show: _, ...figures }) => figures), rounds: ROUNDS },
        tables: [
          formatTable(
            ['browser', 'adapter', 'plain', 'kicked', 'gain'],
            rows.map(({ version, adapter, plain, kicked, gain, show }) => [
              version,
              adapter,
              show(plain),
              show(kicked),
              `${gain.toFixed(1)}x`,
            ]),
          ),
        ],
        expectations: [{ text: 'Firefox: at least 10 times sooner with the remedy', held: (firefox?.gain ?? 0) >= 10 }],
      };
    } finally {
      await server.close();
    }
  },
};
