import { formatTable } from '../../scripts/lib/table.ts';
import { ensureBuild } from '../../test/support/build.ts';
import { launchExtension } from '../../test/support/extension-browser.ts';
import { allow } from '../../test/support/page-client.ts';
import { html, serveSites } from '../../test/support/sites.ts';
import type { Bench } from '../lib/bench.ts';
import { percentile, type Spread, spreadOf } from '../lib/statistics.ts';
import { measureInPage, type TransportSamples } from './in-page.ts';
import { makeJsonVariant } from './json-variant.ts';

const LARGE_BYTES = 8 * 2 ** 20;
const ROUNDS = 100;
const LARGE_ROUNDS = 15;

/** Documents that are isolated cannot embed the bridge, so their data takes the runtime port. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** One path's figures; `mbPerS` counts the payload in both directions, in millions of bytes. */
interface PathFigures {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly mbPerS: number;
  readonly spread: { readonly roundTripUs: Spread; readonly mbPerS: Spread };
}

function figuresOf({ singles, tens, large }: TransportSamples): PathFigures {
  const speeds = large.map((ms) => (2 * LARGE_BYTES) / 1e6 / (ms / 1e3));
  return {
    p50Us: percentile(tens, 0.5) * 1e3,
    p99Us: percentile(singles, 0.99) * 1e3,
    mbPerS: percentile(speeds, 0.5),
    spread: { roundTripUs: spreadOf(tens.map((ms) => ms * 1e3)), mbPerS: spreadOf(speeds) },
  };
}

async function measure(extension: string, isolated: boolean): Promise<{ figures: PathFigures; browser: string }> {
  const sites = await serveSites();
  const browser = await launchExtension({ extension });
  try {
    const url = sites.add('bench', '/', { body: html(), headers: isolated ? ISOLATED : {} });
    const page = await browser.open(url);
    if ((await page.evaluate(() => crossOriginIsolated)) !== isolated) throw new Error('The page is not as wanted.');
    const granted = await allow(browser, page, {
      tasks: ['tensors'],
      limits: { maxRatePerMinute: 100_000, maxConcurrent: 8 },
    });
    if (!granted.ok) throw new Error(granted.message);
    const options = { largeBytes: LARGE_BYTES, rounds: ROUNDS, largeRounds: LARGE_ROUNDS };
    return { figures: figuresOf(await page.evaluate(measureInPage, options)), browser: browser.version };
  } finally {
    await browser.close();
    await sites.close();
  }
}

/** Round trip and throughput between a page and the host, on each path that data can take. */
export const transport: Bench = {
  name: 'transport',
  method:
    'window.webplat.run on packaged:echo, checked on return. Round trip: one byte; p50 over means of ten trips (the clock of a\n' +
    'page that is not isolated ticks every 100 us), p99 over single trips. Throughput: 8 MiB there and back, both counted,\n' +
    'buffers transferred where the path can. Checks on both ends and the limits of the permission are part of every trip.',
  async run() {
    const extension = await ensureBuild('dist');
    const json = await makeJsonVariant(extension);
    try {
      const { figures: fastPath, browser } = await measure(extension, false);
      const { figures: runtimePort } = await measure(extension, true);
      const { figures: jsonPort } = await measure(json.folder, true);
      const ratio = fastPath.mbPerS / runtimePort.mbPerS;
      const rows = Object.entries({ 'fast path': fastPath, 'runtime port': runtimePort, 'JSON port': jsonPort }).map(
        ([name, { p50Us, p99Us, mbPerS }]) => [
          name,
          `${p50Us.toFixed(0)} us`,
          `${p99Us.toFixed(0)} us`,
          `${mbPerS.toFixed(1)} MB/s`,
          `${(fastPath.mbPerS / mbPerS).toFixed(1)}x`,
        ],
      );
      return {
        figures: { fastPath, runtimePort, jsonPort, ratio, browser, adapter: 'none: the echo computes nothing' },
        tables: [formatTable(['path', 'p50', 'p99', 'throughput', 'fast path is'], rows), browser],
        expectations: [
          { text: 'fast path: at most 200 us per round trip at the median', held: fastPath.p50Us <= 200 },
          { text: 'fast path: at least 4 times the throughput of the runtime port', held: ratio >= 4 },
        ],
      };
    } finally {
      await json.remove();
    }
  },
};
