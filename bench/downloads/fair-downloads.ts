import type { Page } from 'playwright';
import type { InferRequest } from '../../content/webplat.d.ts';
import { formatTable } from '../../scripts/lib/table.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { ensureBuild } from '../../test/support/build.ts';
import { launchExtension } from '../../test/support/extension-browser.ts';
import { generatedRepo, MISTRAL_7B } from '../../test/support/hub/generated.ts';
import { hubSettings, serveHub } from '../../test/support/hub/hub.ts';
import { allow } from '../../test/support/page-client.ts';
import { serveSites } from '../../test/support/sites.ts';
import { openUiClient } from '../../test/support/ui-client.ts';
import type { Bench } from '../lib/bench.ts';
import { sayProgress } from '../lib/progress.ts';
import { type Quartiles, quartilesOf, spreadOf } from '../lib/statistics.ts';

const ROUNDS = 3;
const TOKENS = 64;
/** Generations of the quiet half of a round. */
const QUIET_RUNS = 8;
/** What a token may take while another model is on its way, of what it takes otherwise. */
const SLOWER = 2;

const SHAPE = {
  ...MISTRAL_7B,
  hidden: 768,
  intermediate: 2048,
  layers: 8,
  heads: 12,
  keyValueHeads: 12,
  contextTokens: 1024,
  shards: 2,
};

const REQUEST: InferRequest = {
  model: 'packaged:storyteller',
  task: 'text-generation',
  input: [{ role: 'user', content: 'Tell me a story about a fox.' }],
  options: { maxNewTokens: TOKENS },
};

interface Generation {
  readonly ms: number;
  readonly tokens: number;
  readonly text: string;
}

/** Runs in the page: one generation after the other, `count` of them or until a load ends. */
async function generate({ request, count, load }: { request: InferRequest; count: number; load: string | undefined }) {
  const { webplat } = window;
  if (!webplat) throw new Error('There is no window.webplat.');
  const generations: Generation[] = [];
  let phase = '';
  let loading = load !== undefined;
  const loaded = load
    ? webplat.models
        .load({ model: load }, { monitor: (progress) => (phase = progress.phase) })
        .finally(() => (loading = false))
    : undefined;
  const phases = new Set<string>();
  while (load === undefined ? generations.length < count : loading) {
    const start = performance.now();
    const { text, execution } = await webplat.infer(request);
    // The one during which the load ended is of both kinds.
    if (load === undefined || loading)
      generations.push({ ms: performance.now() - start, tokens: execution.outputTokens, text });
    if (loading) phases.add(phase);
  }
  await (await loaded)?.release();
  return { generations, phases: [...phases] };
}

const perToken = (generations: readonly Generation[]): number[] => generations.map(({ ms, tokens }) => ms / tokens);
const median = (generations: readonly Generation[]): number => quartilesOf(perToken(generations)).median;

async function measureRound(page: Page, load: string) {
  const quiet = await page.evaluate(generate, { request: REQUEST, count: QUIET_RUNS, load: undefined });
  const busy = await page.evaluate(generate, { request: REQUEST, count: 0, load });
  return { quiet: quiet.generations, busy: busy.generations, phases: busy.phases };
}

/** What a model that runs feels of another one that is downloaded and converted. */
export const fairDownloads: Bench = {
  name: 'fair-downloads',
  method:
    `packaged:storyteller answers one request of ${TOKENS} tokens after the other, ${QUIET_RUNS} times with nothing else going on and then for as\n` +
    'long as another model (0.1 billion parameters, from a hub on this machine) is downloaded, converted and compiled for the first\n' +
    `time. Time of a token: from the call in the page to its answer, by its tokens. ${ROUNDS} rounds, each with a model of its own;\n` +
    'medians and quartiles of all, and the median (and range) of the ratios of the rounds. Texts must agree.',
  async run() {
    const extension = await ensureBuild('dist');
    const names = Array.from({ length: ROUNDS }, (_, at) => `org/other-${at}`);
    const repos = await Promise.all(
      names.map((name, at) => generatedRepo({ ...SHAPE, seed: 100 + at }).then((repo) => [name, repo] as const)),
    );
    const hub = await serveHub(Object.fromEntries(repos));
    const sites = await serveSites();
    const browser = await launchExtension({ extension, adapter: 'auto' });
    const say = sayProgress();
    const [quiet, busy]: [number[], number[]] = [[], []];
    const ratios: number[] = [];
    const phases = new Set<string>();
    try {
      const ui = await openUiClient(browser);
      await ui.call(uiSettingsSet, hubSettings(hub));
      const page = await browser.open(`${sites.origin('site')}/`);
      const models = [REQUEST.model, ...names.map((name) => `hf:${name}`)];
      const limits = { maxMemoryBytes: 2 ** 40, maxComputeMsPerDay: 86_400_000, maxRatePerMinute: 10_000 };
      const granted = await allow(browser, page, { models, limits });
      if (!granted.ok) throw new Error(granted.message);
      await page.evaluate(generate, { request: REQUEST, count: 1, load: undefined });
      const texts = new Set<string>();
      for (const name of names) {
        const found = await measureRound(page, `hf:${name}`);
        for (const { text } of [...found.quiet, ...found.busy]) texts.add(text);
        for (const phase of found.phases) phases.add(phase);
        // The machine may do other things in one round than in the next: each is compared with itself.
        ratios.push(median(found.busy) / median(found.quiet));
        quiet.push(...perToken(found.quiet));
        busy.push(...perToken(found.busy));
        say(
          `${name}: ${median(found.quiet).toFixed(1)} ms a token, ${median(found.busy).toFixed(1)} meanwhile (${found.busy.length} answers)`,
        );
      }
      if (texts.size !== 1) throw new Error(`Not always the same text: ${[...texts].join(' | ')}`);
    } finally {
      await browser.close();
      await sites.close();
      await hub.close();
    }
    const [alone, meanwhile] = [quartilesOf(quiet), quartilesOf(busy)];
    const ratio = spreadOf(ratios);
    const times = `${ratio.median.toFixed(2)}x (${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)})`;
    const spread = ({ median, low, high }: Quartiles) =>
      `${median.toFixed(1)} ms (${low.toFixed(1)}-${high.toFixed(1)})`;
    return {
      figures: { alone, meanwhile, ratio, answersMeanwhile: busy.length, phases: [...phases] },
      tables: [
        formatTable(
          ['a token', 'alone', 'while another model loads', 'ratio'],
          [[REQUEST.model, spread(alone), spread(meanwhile), times]],
        ),
        `${browser.version}; ${busy.length} answers in the phases ${[...phases].join(', ')}; medians (quartiles)`,
      ],
      expectations: [
        {
          text: `a token takes at most ${SLOWER} times as long while another model is downloaded and converted (${times})`,
          held: ratio.median <= SLOWER,
        },
      ],
    };
  },
};
