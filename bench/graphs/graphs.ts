import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Page } from 'playwright';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import { formatTable } from '../../scripts/lib/table.ts';
import { adapterFlags } from '../../test/support/extension-browser.ts';
import { serveFolder } from '../../test/support/folder.ts';
import { serveSites } from '../../test/support/sites.ts';
import type { Bench, BenchOptions } from '../lib/bench.ts';
import { sayProgress } from '../lib/progress.ts';
import { type Quartiles, quartilesOf } from '../lib/statistics.ts';
import { type ComparedModel, MODELS } from './models.ts';
import type { GraphsPage } from './page/main.ts';
import { CONTENDERS, type Contender, type LoadRequest } from './page/messages.ts';
import { folderOf, prepareModel, preparePage } from './prepare.ts';

/** Fresh workers in each round, and runs of one after the other in it. */
const ROUNDS = { wasm: 3, webgpu: 1 };
const RUNS = { wasm: 3, webgpu: 2 };
/** Root mean square of the difference, in units of that of the plain graph's output: sums are ordered differently. */
const TOLERANCE = 1e-4;
const FASTER = 1.3;
/** Never slower, as far as medians of a machine that does other things can tell. */
const NOT_SLOWER = 0.97;

interface Samples {
  readonly loadMs: number[];
  readonly firstMs: number[];
  readonly steadyMs: number[];
  readonly heapBytes: number[];
}

type PerContender<T> = Readonly<Record<Contender, T>>;

const NAMES: PerContender<string> = {
  ours: 'ours',
  plain: 'plain graph, our runtime',
  peer: 'plain graph, transformers.js',
};

async function measureModel(
  page: Page,
  model: ComparedModel,
  files: readonly string[],
  { backend, say }: { readonly backend: 'wasm' | 'webgpu'; readonly say: (text: string) => void },
) {
  const call = <Name extends keyof GraphsPage>(name: Name, ...args: Parameters<GraphsPage[Name]>) =>
    page.evaluate(callInPage, [name, args] as const) as Promise<Awaited<ReturnType<GraphsPage[Name]>>>;
  const threads = await call('threads');
  const samples = Object.fromEntries(
    CONTENDERS.map((name) => [name, { loadMs: [], firstMs: [], steadyMs: [], heapBytes: [] }]),
  ) as unknown as PerContender<Samples>;
  const outputs = new Map<Contender, readonly number[]>();
  for (let round = 0; round < ROUNDS[backend]; round += 1) {
    // Whoever starts finds other things in the caches of the machine than who comes last.
    const order = CONTENDERS.map((_, at) => CONTENDERS[(at + round) % CONTENDERS.length] ?? 'ours');
    for (const contender of order) {
      const request: LoadRequest = {
        backend,
        threads,
        folder: folderOf(model, contender),
        files: contender === 'ours' ? files : [],
        feeds: model.feeds,
        output: model.output,
      };
      const loadMs = await call('load', contender, request);
      samples[contender].loadMs.push(loadMs);
      const { ms, values } = await call('run', contender);
      say(`${model.name}, ${contender}: load ${loadMs.toFixed(0)} ms, first run ${ms.toFixed(0)} ms`);
      samples[contender].firstMs.push(ms);
      if (values) outputs.set(contender, values);
    }
    for (let run = 0; run < RUNS[backend]; run += 1) {
      for (const contender of order) samples[contender].steadyMs.push((await call('run', contender)).ms);
    }
    for (const contender of order) samples[contender].heapBytes.push(await call('heapBytes', contender));
    await call('end');
  }
  const expected = outputs.get('plain') ?? [];
  for (const contender of CONTENDERS) {
    const error = relativeError(outputs.get(contender) ?? [], expected);
    if (!(error <= TOLERANCE)) throw new Error(`${model.name}: ${contender} is off by ${error}.`);
  }
  return { samples, threads };
}

/** Root mean square of a difference, in units of that of `reference`. */
function relativeError(actual: readonly number[], reference: readonly number[]): number {
  if (actual.length !== reference.length) return Number.POSITIVE_INFINITY;
  let [difference, size] = [0, 0];
  for (const [at, value] of reference.entries()) {
    difference += ((actual[at] ?? Number.NaN) - value) ** 2;
    size += value ** 2;
  }
  return Math.sqrt(difference / size);
}

const MEASURES = ['loadMs', 'firstMs', 'steadyMs', 'heapBytes'] as const;

function summarize({ samples }: { readonly samples: PerContender<Samples> }) {
  const of = (contender: Contender) =>
    Object.fromEntries(MEASURES.map((key) => [key, quartilesOf(samples[contender][key])])) as Record<
      (typeof MEASURES)[number],
      Quartiles
    >;
  return { ours: of('ours'), plain: of('plain'), peer: of('peer') };
}

type Summary = ReturnType<typeof summarize>;

function tableOf({ what }: ComparedModel, summary: Summary): string {
  const spread = ({ median, low, high }: Quartiles) => `${median.toFixed(0)} ms (${low.toFixed(0)}-${high.toFixed(0)})`;
  const rows = CONTENDERS.map((contender) => {
    const { loadMs, firstMs, steadyMs, heapBytes } = summary[contender];
    const ratio = steadyMs.median / summary.ours.steadyMs.median;
    return [
      NAMES[contender],
      spread(loadMs),
      spread(firstMs),
      spread(steadyMs),
      `${ratio.toFixed(2)}x`,
      `${(heapBytes.median / 2 ** 20).toFixed(0)} MiB`,
    ];
  });
  return formatTable([what, 'load', 'first run', 'steady run', 'of ours', 'WebAssembly memory'], rows);
}

function expectationsOf({ what }: ComparedModel, { ours, plain, peer }: Summary) {
  const [own, other] = [plain.steadyMs.median / ours.steadyMs.median, peer.steadyMs.median / ours.steadyMs.median];
  const loads = Math.min(plain.loadMs.median, peer.loadMs.median) / ours.loadMs.median;
  const ratio = (x: number) => `${x.toFixed(2)}x`;
  return [
    {
      text: `${what}: never slower than the plain graph (${ratio(own)} on our runtime, ${ratio(other)} in transformers.js)`,
      held: Math.min(own, other) >= NOT_SLOWER,
    },
    { text: `${what}: at least ${FASTER}x faster than transformers.js (${ratio(other)})`, held: other >= FASTER },
    { text: `${what}: loads no later (${ratio(loads)} of the better one)`, held: loads >= NOT_SLOWER },
  ];
}

/** The product's graphs against plain ones of the same weights, and against transformers.js. */
export const graphs: Bench = {
  name: 'graphs',
  method:
    'Encoders of the true sizes of common checkpoints, with seeded weights. Ours: the graph that the product makes of the\n' +
    'checkpoint. Plain: what exporters write (standard operators, one file), which the runtime may fuse as it can. Both run on\n' +
    "the product's build of the runtime with its session options; transformers.js runs the plain one on its own. One page, a\n" +
    'worker for each, as many threads for all, batch 1, float32. Load: from the first byte fetched from this machine, library\n' +
    `included, to a session. ${ROUNDS.wasm} rounds in fresh workers, ${RUNS.wasm} steady runs of each in turns in every round (on WebGPU,\n` +
    `which may be a software adapter, ${ROUNDS.webgpu} and ${RUNS.webgpu}); medians and quartiles. Outputs must agree to ${TOLERANCE} of their size. --backend wasm (the default) or webgpu; names of models choose.`,
  async run({ backend = 'wasm', parts = [] }: BenchOptions = {}) {
    const chosen = parts.length > 0 ? MODELS.filter(({ name }) => parts.includes(name)) : MODELS;
    const folder = await mkdtemp(path.join(os.tmpdir(), 'webplat-graphs-'));
    const say = sayProgress();
    await preparePage(folder);
    const sites = await serveSites(serveFolder(folder, { isolated: true }));
    const { path: executablePath, version } = await ensureBrowser('chromium');
    const args = ['--headless=new', '--no-sandbox', ...adapterFlags('auto')];
    const browser = await chromium.launch({ executablePath, headless: false, args });
    try {
      const results: { model: ComparedModel; summary: Summary; threads: number }[] = [];
      for (const model of chosen) {
        const files = await prepareModel(folder, model);
        const page = await browser.newPage();
        await page.goto(`${sites.loopback}/index.html`);
        const measured = await measureModel(page, model, files, { backend, say });
        await page.close();
        await rm(path.join(folder, 'models'), { recursive: true });
        results.push({ model, summary: summarize(measured), threads: measured.threads });
      }
      const threads = results[0]?.threads ?? 1;
      return {
        figures: {
          backend,
          threads,
          browser: version,
          models: Object.fromEntries(results.map(({ model, summary }) => [model.name, summary])),
        },
        tables: [
          ...results.map(({ model, summary }) => tableOf(model, summary)),
          `${version}; ${backend}, ${threads} threads; medians (quartiles)`,
        ],
        expectations: results.flatMap(({ model, summary }) => expectationsOf(model, summary)),
      };
    } finally {
      await browser.close();
      await sites.close();
      await rm(folder, { recursive: true });
    }
  },
};

/** Runs in the page, whose functions are typed on this side of the call. */
function callInPage([name, values]: readonly [string, readonly unknown[]]): unknown {
  type Functions = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
  return (globalThis as unknown as { graphsPage: Functions }).graphsPage[name]?.(...values);
}
