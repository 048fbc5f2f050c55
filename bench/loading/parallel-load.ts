import { type BrowserContext, chromium, type Page } from 'playwright';
import type { Lab } from '../../offscreen/lab/lab.ts';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';
import { formatTable } from '../../scripts/lib/table.ts';
import type { TaskName } from '../../src/protocol/scalars.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import { adapterFlags, makeProfile } from '../../test/support/extension-browser.ts';
import { MISTRAL_7B } from '../../test/support/hub/generated.ts';
import { generatedClip, generatedLlava } from '../../test/support/hub/generated-towers.ts';
import { hubSettings, serveHub } from '../../test/support/hub/hub.ts';
import type { HubRepo } from '../../test/support/hub/repo.ts';
import { labFiles } from '../../test/support/lab-server.ts';
import { type Sites, serveSites } from '../../test/support/sites.ts';
import type { Bench, BenchOptions } from '../lib/bench.ts';
import { sayProgress } from '../lib/progress.ts';
import { type Quartiles, quartilesOf } from '../lib/statistics.ts';

const ROUNDS = 3;
/** A load in parallel takes at most so much of one in sequence: 45 % sooner. */
const SHARE = 0.55;
/** What the hub gives each connection in a second, as a line that is shared would. */
const CONNECTION_BYTES_PER_S = 10e6;

interface LoadedShape {
  readonly name: string;
  readonly what: string;
  readonly task: TaskName;
  repo(): Promise<HubRepo>;
}

/** Towers of the width of the smallest published CLIP, a third as deep, so that two processors take seconds for them. */
const TEXT = { hidden: 512, intermediate: 2048, layers: 4, heads: 8 };
const VISION = { hidden: 768, intermediate: 3072, layers: 4, heads: 12 };
const LANGUAGE = {
  ...MISTRAL_7B,
  hidden: 1024,
  intermediate: 2816,
  layers: 4,
  heads: 16,
  keyValueHeads: 16,
  contextTokens: 2048,
  shards: 2,
};

const SHAPES: readonly LoadedShape[] = [
  {
    name: 'clip',
    what: 'CLIP: text and vision',
    task: 'zero-shot-image-classification',
    repo: () => generatedClip(TEXT, VISION),
  },
  {
    name: 'llava',
    what: 'LLaVA: vision, embedding and decoder',
    task: 'image-text-to-text',
    repo: () => generatedLlava(VISION, LANGUAGE),
  },
];

const ORDERS = ['parallel', 'sequence'] as const;
type Order = (typeof ORDERS)[number];
type Samples = Record<'firstMs' | 'convertMs' | 'storedMs', number[]>;

/** A page whose host loads in one of the two ways, at an origin of its own: with its own copy of the model on disk. */
async function openLoader(
  context: BrowserContext,
  { lab, order, settings }: { readonly lab: Sites; readonly order: Order; readonly settings: Settings },
): Promise<Page> {
  const page = await context.newPage();
  const query = order === 'sequence' ? '?in-sequence' : '';
  await page.goto(`${lab.origin(order)}/offscreen/lab/index.html${query}`);
  await page.evaluate(configureLab, settings);
  return page;
}

async function measureShape(context: BrowserContext, lab: Sites, shape: LoadedShape, say: (text: string) => void) {
  const model = `hf:org/${shape.name}`;
  const repos = { [`org/${shape.name}`]: await shape.repo() };
  const hub = await serveHub(repos, { bytesPerS: CONNECTION_BYTES_PER_S });
  const samples: Record<Order, Samples> = {
    parallel: { firstMs: [], convertMs: [], storedMs: [] },
    sequence: { firstMs: [], convertMs: [], storedMs: [] },
  };
  try {
    const settings = { ...hubSettings(hub), backend: 'wasm' } as const;
    const pages = new Map<Order, Page>();
    for (const order of ORDERS) pages.set(order, await openLoader(context, { lab, order, settings }));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const order of round % 2 === 0 ? ORDERS : [...ORDERS].reverse()) {
        const page = pages.get(order);
        if (!page) continue;
        for (const [kind, from] of KINDS) {
          const ms = await page.evaluate(loadInLab, { model, task: shape.task, kind });
          say(`${shape.name}, ${order}, ${from}: ${ms.toFixed(0)} ms`);
          samples[order][kind].push(ms);
        }
      }
    }
    for (const page of pages.values()) await page.close();
  } finally {
    await hub.close();
  }
  return samples;
}

/** Runs in the page. */
async function configureLab(settings: Settings): Promise<void> {
  const lab: Lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  await lab.configure(settings);
}

interface TimedLoad {
  readonly model: string;
  readonly task: TaskName;
  readonly kind: keyof Samples;
}

/** Runs in the page: milliseconds of a load, with nothing on disk, with the checkpoint alone, or with what was converted too. */
async function loadInLab({ model, task, kind }: TimedLoad): Promise<number> {
  const lab: Lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  await lab.unload(model);
  if (kind === 'firstMs') await lab.host.dispatch('background', 'host.act', { model, act: 'remove' }, undefined);
  if (kind === 'convertMs') {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry('artifacts', { recursive: true });
  }
  const start = performance.now();
  await lab.load({ model, task });
  return performance.now() - start;
}

const KINDS = [
  ['firstMs', 'from the hub'],
  ['convertMs', 'from the checkpoint on disk'],
  ['storedMs', 'from what was converted'],
] as const;

/** Components of one model loaded at once against one after the other. */
export const parallelLoad: Bench = {
  name: 'parallel-load',
  method:
    'Made-up checkpoints of the shapes of CLIP and LLaVA (towers of CLIP-base width, a third as deep; a language model of 0.1\n' +
    'billion parameters). A host on the WebAssembly tier loads what a task needs: from a hub that gives each connection 10 MB a second,\n' +
    'then from the checkpoint on disk, conversion included, and from what was converted. In parallel: as the product does. In\n' +
    `sequence: each file on one connection, one component after the other, one converter. Two origins, ${ROUNDS} rounds in turns; medians and quartiles.`,
  async run({ parts = [] }: BenchOptions = {}) {
    const shapes = parts.length > 0 ? SHAPES.filter(({ name }) => parts.includes(name)) : SHAPES;
    const lab = await serveSites(await labFiles());
    const say = sayProgress();
    const { path: executablePath, version } = await ensureBrowser('chromium');
    const args = ['--headless=new', '--no-sandbox', ...adapterFlags('auto')];
    // A profile on disk: private windows keep files in another process.
    const profile = await makeProfile();
    const context = await chromium.launchPersistentContext(profile.path, { executablePath, headless: false, args });
    try {
      const figures: Record<string, Record<Order, Record<keyof Samples, Quartiles>>> = {};
      for (const shape of shapes) {
        const samples = await measureShape(context, lab, shape, say);
        const of = (order: Order) => ({
          firstMs: quartilesOf(samples[order].firstMs),
          convertMs: quartilesOf(samples[order].convertMs),
          storedMs: quartilesOf(samples[order].storedMs),
        });
        figures[shape.name] = { parallel: of('parallel'), sequence: of('sequence') };
      }
      const results = shapes.flatMap(({ name, what }) =>
        KINDS.flatMap(([kind, from]) => {
          const found = figures[name];
          if (!found) return [];
          const [parallel, sequence] = [found.parallel[kind], found.sequence[kind]];
          return [{ what: `${what}, ${from}`, parallel, sequence, share: parallel.median / sequence.median }];
        }),
      );
      const spread = ({ median, low, high }: Quartiles) =>
        `${median.toFixed(0)} ms (${low.toFixed(0)}-${high.toFixed(0)})`;
      const sooner = (share: number) => `${(100 * (1 - share)).toFixed(0)} % sooner`;
      return {
        figures: { ...figures, browser: version },
        tables: [
          formatTable(
            ['load', 'in parallel', 'in sequence', 'ratio'],
            results.map(({ what, parallel, sequence, share }) => [
              what,
              spread(parallel),
              spread(sequence),
              sooner(share),
            ]),
          ),
          `${version}; wasm; medians (quartiles) of ${ROUNDS}`,
        ],
        expectations: results.map(({ what, share }) => ({
          text: `${what}: at least 45 % sooner in parallel (${sooner(share)})`,
          held: share <= SHARE,
        })),
      };
    } finally {
      await context.close();
      await profile.remove();
      await lab.close();
    }
  },
};
