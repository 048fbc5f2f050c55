import { formatTable } from '../../scripts/lib/table.ts';
import { ensureBuild } from '../../test/support/build.ts';
import { allow } from '../../test/support/page-client.ts';
import { html, serveSites } from '../../test/support/sites.ts';
import type { Bench } from '../lib/bench.ts';
import { percentile, type Spread, spreadOf } from '../lib/statistics.ts';
import { launchUndisturbed } from '../lib/undisturbed.ts';
import { measureBetween, measureInPage, type TransportSamples } from './in-page.ts';
import { makeJsonVariant } from './json-variant.ts';

const LARGE_BYTES = 8 * 2 ** 20;
const OPTIONS = { largeBytes: LARGE_BYTES, warmUp: 500, rounds: 100, largeRounds: 15 };
/** Times that each path is measured, in turns, each in a new browser. */
const REPEATS = 3;

/** Documents that are isolated cannot embed the bridge, so their data takes the runtime port. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Sends back what comes over the port that it is given. */
const BARE_ECHO =
  '<script>onmessage = ({ ports: [port] }) => { port.onmessage = ({ data }) => port.postMessage(data); };</script>';
/** Also by an isolated document. */
const EMBEDDABLE = {
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'cross-origin',
};

/** One path's figures; `mbPerS` counts the payload in both directions, in millions of bytes. */
interface PathFigures {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly mbPerS: number;
  /** A like message over a bare MessagePort, in the same page: what no path that crosses processes can go below. */
  readonly bareP50Us: number;
}

/** Medians over the runs of a path, and how far those were apart. */
interface PathSummary extends PathFigures {
  readonly spread: { readonly p50Us: Spread; readonly mbPerS: Spread; readonly bareP50Us: Spread };
}

type PathName = 'fastPath' | 'runtimePort' | 'jsonPort';

function figuresOf({ singles, tens, large, bareTens }: TransportSamples): PathFigures {
  const speeds = large.map((ms) => (2 * LARGE_BYTES) / 1e6 / (ms / 1e3));
  return {
    p50Us: percentile(tens, 0.5) * 1e3,
    p99Us: percentile(singles, 0.99) * 1e3,
    mbPerS: percentile(speeds, 0.5),
    bareP50Us: percentile(bareTens, 0.5) * 1e3,
  };
}

function summarise(runs: readonly PathFigures[]): PathSummary {
  const p50Us = spreadOf(runs.map((run) => run.p50Us));
  const mbPerS = spreadOf(runs.map((run) => run.mbPerS));
  const p99Us = spreadOf(runs.map((run) => run.p99Us)).median;
  const bareP50Us = spreadOf(runs.map((run) => run.bareP50Us));
  return {
    p50Us: p50Us.median,
    p99Us,
    mbPerS: mbPerS.median,
    bareP50Us: bareP50Us.median,
    spread: { p50Us, mbPerS, bareP50Us },
  };
}

const range = ({ min, max }: Spread): string => `${min.toFixed(0)}-${max.toFixed(0)}`;

async function measure(extension: string, isolated: boolean): Promise<{ figures: PathFigures; browser: string }> {
  const start = promiseOf();
  const end = promiseOf();
  const sites = await serveSites(async (path) => {
    if (path === '/end') end.settle();
    else if (path === '/start') await start.settled;
    else return undefined;
    return { body: '' };
  });
  const browser = await launchUndisturbed({ extension });
  try {
    const bareEcho = sites.add('elsewhere', '/echo', { body: html({ body: BARE_ECHO }), headers: EMBEDDABLE });
    const url = sites.add('bench', '/', { body: html(), headers: isolated ? ISOLATED : {} });
    await browser.attached(async (attached) => {
      const page = await attached.open(url);
      if ((await page.evaluate(() => crossOriginIsolated)) !== isolated) throw new Error('The page is not as wanted.');
      const granted = await allow(attached, page, {
        tasks: ['tensors'],
        limits: { maxRatePerMinute: 100_000, maxConcurrent: 8 },
      });
      if (!granted.ok) throw new Error(granted.message);
      await page.addScriptTag({
        content: `globalThis.transportSamples = (${measureBetween})(${measureInPage}, ${JSON.stringify({ ...OPTIONS, bareEcho })})`,
      });
    });
    start.settle();
    await end.settled;
    const samples = await browser.attached(async ({ context }) => {
      const page = context.pages().find((open) => open.url() === url);
      if (!page) throw new Error('The page has gone.');
      return page.evaluate(() => globalThis.transportSamples);
    });
    if (!samples) throw new Error('The page measured nothing.');
    return { figures: figuresOf(samples), browser: browser.version };
  } finally {
    await browser.close();
    await sites.close();
  }
}

function promiseOf() {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { settled, settle: () => settle() };
}

/** Round trip and throughput between a page and the host, on each path that data can take. */
export const transport: Bench = {
  name: 'transport',
  method:
    'window.webplat.run on packaged:echo, checked on return. Round trip: one byte; p50 over means of ten trips (the clock of a\n' +
    'page that is not isolated ticks every 100 us), p99 over single trips. Throughput: 8 MiB there and back, both counted,\n' +
    'buffers transferred where the path can. Checks on both ends and the limits of the permission are part of every trip. No\n' +
    'debugger is attached meanwhile. Bare port: a like message over a MessagePort to another process and back, in the same page;\n' +
    'what the machine needs for that alone is the floor of every path.',
  async run() {
    const extension = await ensureBuild('dist');
    const json = await makeJsonVariant(extension);
    try {
      const runs: Record<PathName, PathFigures[]> = { fastPath: [], runtimePort: [], jsonPort: [] };
      let browser = '';
      // In turns, so that whatever else the machine does meets all of them.
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const fast = await measure(extension, false);
        browser = fast.browser;
        runs.fastPath.push(fast.figures);
        runs.runtimePort.push((await measure(extension, true)).figures);
        runs.jsonPort.push((await measure(json.folder, true)).figures);
      }
      const fastPath = summarise(runs.fastPath);
      const runtimePort = summarise(runs.runtimePort);
      const jsonPort = summarise(runs.jsonPort);
      const ratio = fastPath.mbPerS / runtimePort.mbPerS;
      const row = (name: string, { p50Us, p99Us, mbPerS, bareP50Us, spread }: PathSummary) => [
        name,
        `${p50Us.toFixed(0)} us (${range(spread.p50Us)})`,
        `${p99Us.toFixed(0)} us`,
        `${mbPerS.toFixed(1)} MB/s (${range(spread.mbPerS)})`,
        `${bareP50Us.toFixed(0)} us (${range(spread.bareP50Us)})`,
        `${(p50Us / fastPath.p50Us).toFixed(1)}x sooner, ${(fastPath.mbPerS / mbPerS).toFixed(1)}x the throughput`,
      ];
      return {
        figures: { fastPath, runtimePort, jsonPort, ratio, browser, adapter: 'none: the echo computes nothing' },
        tables: [
          formatTable(
            ['path', 'p50 (range)', 'p99', 'throughput (range)', 'bare port', 'fast path is'],
            [row('fast path', fastPath), row('runtime port', runtimePort), row('JSON port', jsonPort)],
          ),
          `${browser}; medians of ${REPEATS} runs of each path in turns`,
        ],
        expectations: [
          { text: 'fast path: at most 200 us per round trip at the median', held: fastPath.p50Us <= 200 },
          {
            text: 'fast path: at most 2 times a like message over a bare MessagePort between two processes',
            held: fastPath.p50Us <= 2 * fastPath.bareP50Us,
          },
          { text: 'fast path: at least 4 times the throughput of the runtime port', held: ratio >= 4 },
        ],
      };
    } finally {
      await json.remove();
    }
  },
};
