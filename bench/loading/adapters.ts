import type { Page } from 'playwright';
import { formatTable } from '../../scripts/lib/table.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../../src/protocol/model-files.ts';
import { uiModelUnload } from '../../src/protocol/ui/ui-model-unload.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { ensureBuild } from '../../test/support/build.ts';
import { scattered } from '../../test/support/changed-params.ts';
import { launchExtension } from '../../test/support/extension-browser.ts';
import { generatedRepo, MISTRAL_7B, tensorsOf } from '../../test/support/hub/generated.ts';
import { hubSettings, serveHub } from '../../test/support/hub/hub.ts';
import { type HubRepo, repoOf } from '../../test/support/hub/repo.ts';
import { allow } from '../../test/support/page-client.ts';
import { serveSites } from '../../test/support/sites.ts';
import { openUiClient, type UiClient } from '../../test/support/ui-client.ts';
import { writeSafetensors } from '../../test/support/write-safetensors.ts';
import type { Bench } from '../lib/bench.ts';
import { sayProgress } from '../lib/progress.ts';
import { type Quartiles, quartilesOf } from '../lib/statistics.ts';

const ROUNDS = 5;
const TOKENS = 8;
const RANK = 16;

/** 0.1 billion parameters. */
const SHAPE = {
  ...MISTRAL_7B,
  hidden: 1024,
  intermediate: 2816,
  layers: 8,
  heads: 16,
  keyValueHeads: 4,
  contextTokens: 1024,
  shards: 1,
};

/** Layers that published adapters change most often, and all that they can. */
const TARGETS = {
  few: ['q_proj', 'v_proj'],
  all: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
} as const;

/** A made-up adapter, as small as real ones are beside their models. */
function adapterOf(targets: readonly string[], strength: number): HubRepo {
  const params = tensorsOf(SHAPE).flatMap(({ name, shape: [outputs = 0, inputs = 0] }) => {
    const layer = name.slice(0, -'.weight'.length);
    if (!targets.some((target) => layer.endsWith(`.${target}`))) return [];
    return [
      [`base_model.model.${layer}.lora_A.weight`, scattered([RANK, inputs], strength)] as const,
      [`base_model.model.${layer}.lora_B.weight`, scattered([outputs, RANK], strength)] as const,
    ];
  });
  const config = { peft_type: 'LORA', base_model_name_or_path: 'org/model', r: RANK, lora_alpha: RANK };
  const weights = writeSafetensors(Object.fromEntries(params));
  return repoOf({ [ADAPTER_CONFIG]: JSON.stringify(config), [ADAPTER_WEIGHTS]: weights });
}

interface Sample {
  readonly firstMs: number;
  readonly tokenMs: number;
}

/** Runs in the page: the time from asking to the first token, and what each one took after it. */
async function generate({ model, maxNewTokens }: { model: string; maxNewTokens: number }): Promise<Sample> {
  const { webplat } = window;
  if (!webplat) throw new Error('There is no window.webplat.');
  const start = performance.now();
  const why = (error: Error & { data?: { reason?: string } }) => {
    throw new Error(`${error.message} ${error.data?.reason ?? ''}`);
  };
  const stream = webplat.stream({
    model,
    task: 'text-generation',
    input: 'Once upon',
    options: { maxNewTokens },
    hardware: { precision: 'q4' },
  });
  let firstMs = Number.NaN;
  const reader = stream.getReader();
  for (;;) {
    const { done } = await reader.read().catch(why);
    if (done) break;
    if (Number.isNaN(firstMs)) firstMs = performance.now() - start;
  }
  const { execution } = await stream.result;
  const { totalMs, firstTokenMs, outputTokens } = execution;
  if (outputTokens < 2) throw new Error('There were too few tokens.');
  return { firstMs, tokenMs: (totalMs - firstTokenMs) / (outputTokens - 1) };
}

const bytesOf = async (ui: UiClient): Promise<number> => {
  const { host } = await ui.call(uiState, {});
  return (host?.residents ?? []).reduce((sum, { gpuBytes, cpuBytes }) => sum + gpuBytes + cpuBytes, 0);
};

interface Way {
  readonly name: string;
  /** Models that take turns, all of which were used once before. */
  readonly models: readonly string[];
  /** Whether one leaves memory before the next one comes, as where there is room for one. */
  readonly one: boolean;
}

const WAYS: readonly Way[] = [
  { name: 'two checkpoints, memory for one', models: ['hf:org/merged-a', 'hf:org/merged-b'], one: true },
  { name: 'two checkpoints, memory for both', models: ['hf:org/merged-a', 'hf:org/merged-b'], one: false },
  { name: 'one model, adapters of q, v', models: ['hf:org/few-a', 'hf:org/few-b'], one: false },
  { name: 'one model, adapters of all layers', models: ['hf:org/all-a', 'hf:org/all-b'], one: false },
];

/** What it takes to exchange what changes a model, against a checkpoint for each. */
export const adapters: Bench = {
  name: 'adapters',
  method:
    `A made-up decoder of ${SHAPE.layers} layers (0.1 billion parameters, 4-bit weights) on the WebAssembly tier, and two LoRA adapters of rank ${RANK} for it that\n` +
    'take turns, against two checkpoints of the same shape, as if an adapter had been worked into each. Everything is on disk and was\n' +
    `used before. To the first token: from the site's call, after the other one answered. A token: what the host took for ${TOKENS} tokens after\n` +
    `the first. Memory: what the host holds after both. ${ROUNDS} rounds; medians and quartiles.`,
  async run() {
    const extension = await ensureBuild('dist');
    const hub = await serveHub({
      'org/model': await generatedRepo(SHAPE),
      'org/merged-a': await generatedRepo({ ...SHAPE, seed: 11 }),
      'org/merged-b': await generatedRepo({ ...SHAPE, seed: 12 }),
      'org/few-a': adapterOf(TARGETS.few, 0.01),
      'org/few-b': adapterOf(TARGETS.few, -0.02),
      'org/all-a': adapterOf(TARGETS.all, 0.01),
      'org/all-b': adapterOf(TARGETS.all, -0.02),
    });
    const sites = await serveSites();
    const browser = await launchExtension({ extension, adapter: 'auto' });
    try {
      const ui = await openUiClient(browser);
      const page = await browser.open(`${sites.origin('site')}/`);
      const settings = { ...hubSettings(hub), backend: 'wasm', cpuBudgetBytes: 8e9 } as const;
      await ui.call(uiSettingsSet, settings);
      const limits = { maxMemoryBytes: 2 ** 40, maxComputeMsPerDay: 86_400_000 };
      const models = WAYS.flatMap((way) => way.models);
      const granted = await allow(browser, page, { models: [...new Set(models)], limits });
      if (!granted.ok) throw new Error(granted.message);
      const results = [];
      for (const way of WAYS) results.push(await measure(way, page, ui));
      return outcomeOf(results, browser.version);
    } finally {
      await browser.close();
      await sites.close();
      await hub.close();
    }
  },
};

interface Result {
  readonly name: string;
  readonly first: Quartiles;
  readonly token: Quartiles;
  readonly bytes: number;
}

async function measure({ name, models, one }: Way, page: Page, ui: UiClient): Promise<Result> {
  const say = sayProgress();
  const samples: Sample[] = [];
  const unloadAll = async () => {
    const { host } = await ui.call(uiState, {});
    for (const resident of host?.residents ?? []) await ui.call(uiModelUnload, { model: resident.name });
  };
  await unloadAll();
  for (const model of models) await page.evaluate(generate, { model, maxNewTokens: 2 });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const model of models) {
      if (one) await unloadAll();
      samples.push(await page.evaluate(generate, { model, maxNewTokens: TOKENS + 1 }));
      say(`${name}: ${samples.at(-1)?.firstMs.toFixed(0)} ms to the first token`);
    }
  }
  const bytes = await bytesOf(ui);
  await unloadAll();
  const of = (pick: (sample: Sample) => number) => quartilesOf(samples.map(pick));
  return { name, first: of(({ firstMs }) => firstMs), token: of(({ tokenMs }) => tokenMs), bytes };
}

function outcomeOf(results: readonly Result[], version: string): Awaited<ReturnType<Bench['run']>> {
  const [one, both, ...adapted] = results;
  if (!one || !both) throw new Error('Nothing was measured.');
  const ms = ({ median, low, high }: Quartiles) => `${median.toFixed(0)} ms (${low.toFixed(0)}-${high.toFixed(0)})`;
  const ratio = (a: number, b: number) => `${(a / b).toFixed(2)}x`;
  return {
    figures: { results },
    tables: [
      formatTable(
        ['', 'first token', 'of one after the other', 'a token', 'of a checkpoint', 'memory', 'of both'],
        results.map(({ name, first, token, bytes }) => [
          name,
          ms(first),
          ratio(first.median, one.first.median),
          ms(token),
          ratio(token.median, both.token.median),
          `${(bytes / 1e6).toFixed(0)} MB`,
          ratio(bytes, both.bytes),
        ]),
      ),
      `${version}; wasm; medians (quartiles) of ${ROUNDS} rounds`,
    ],
    expectations: adapted.flatMap(({ name, first, token, bytes }) => [
      {
        text: `${name}: the first token at least 5 times sooner than where one model leaves for the other (${ratio(one.first.median, first.median)})`,
        held: first.median * 5 <= one.first.median,
      },
      {
        text: `${name}: a token takes at most 1.25 times as long (${ratio(token.median, both.token.median)})`,
        held: token.median <= 1.25 * both.token.median,
      },
      { text: `${name}: less memory than two checkpoints (${ratio(bytes, both.bytes)})`, held: bytes < both.bytes },
    ]),
  };
}
