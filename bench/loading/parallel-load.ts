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
type Samples = Record<'convertMs' | 'storedMs', number[]>;

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
  const hub = await serveHub({ [`org/${shape.name}`]: await shape.repo() });
  const samples: Record<Order, Samples> = {
    parallel: { convertMs: [], storedMs: [] },
    sequence: { convertMs: [], storedMs: [] },
  };
  try {
    const settings = { ...hubSettings(hub), backend: 'wasm' } as const;
    const pages = new Map<Order, Page>();
    for (const order of ORDERS) pages.set(order, await openLoader(context, { lab, order, settings }));
    for (const page of pages.values()) await page.evaluate(loadInLab, { model, task: shape.task, fresh: false });
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const order of round % 2 === 0 ? ORDERS : [...ORDERS].reverse()) {
        const page = pages.get(order);
        if (!page) continue;
        const timed = async (fresh: boolean) => {
          const ms = await page.evaluate(loadInLab, { model, task: shape.task, fresh });
          say(`${shape.name}, ${order}, ${fresh ? 'converted' : 'stored'}: ${ms.toFixed(0)} ms`);
          return ms;
        };
        samples[order].convertMs.push(await timed(true));
        samples[order].storedMs.push(await timed(false));
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

/** Runs in the page: milliseconds of a load from disk; with `fresh`, nothing that was converted is left there. */
async function loadInLab({ model, task, fresh }: { model: string; task: TaskName; fresh: boolean }): Promise<number> {
  const lab: Lab = await (globalThis as unknown as { webplatLab: Promise<Lab> }).webplatLab;
  await lab.unload(model);
  if (fresh) {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry('artifacts', { recursive: true });
  }
  const start = performance.now();
  await lab.load({ model, task });
  return performance.now() - start;
}

const KINDS = [
  ['convertMs', 'from the checkpoint on disk'],
  ['storedMs', 'from what was converted'],
] as const;

/** Components of one model loaded at once against one after the other. */
export const parallelLoad: Bench = {
  name: 'parallel-load',
  method:
    'Made-up checkpoints of the shapes of CLIP and LLaVA (towers of CLIP-base width, a third as deep; a language model of 0.1\n' +
    'billion parameters) are downloaded once. Then a host on the WebAssembly tier loads what a task needs: from the checkpoint on\n' +
    'disk, conversion included, and again from what was converted. In parallel: as the product does. In sequence: one component\n' +
    `after the other, with one converter. Two origins, ${ROUNDS} rounds in turns; medians and quartiles.`,
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
