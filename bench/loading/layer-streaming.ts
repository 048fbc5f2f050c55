import type { Page } from 'playwright';
import { emptyMemory, type LoadPlan, planComponents } from '../../offscreen/engines/ort/plan.ts';
import { familyOf } from '../../offscreen/families/registry.ts';
import type { Storage } from '../../offscreen/graphs/graph.ts';
import { formatTable } from '../../scripts/lib/table.ts';
import type { Streaming } from '../../src/protocol/model.ts';
import { uiModelUnload } from '../../src/protocol/ui/ui-model-unload.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { ensureBuild } from '../../test/support/build.ts';
import { launchExtension } from '../../test/support/extension-browser.ts';
import { configOf, generatedRepo, MISTRAL_7B, tensorsOf } from '../../test/support/hub/generated.ts';
import { hubSettings, serveHub } from '../../test/support/hub/hub.ts';
import { allow } from '../../test/support/page-client.ts';
import { serveSites } from '../../test/support/sites.ts';
import { openUiClient, type UiClient } from '../../test/support/ui-client.ts';
import type { Bench } from '../lib/bench.ts';
import { sayProgress } from '../lib/progress.ts';
import { type Quartiles, quartilesOf } from '../lib/statistics.ts';

const ROUNDS = 3;
const TOKENS = 6;
const MODEL = 'hf:org/layers';

/** 0.4 billion parameters. */
const SHAPE = {
  ...MISTRAL_7B,
  hidden: 1536,
  intermediate: 4096,
  layers: 12,
  heads: 12,
  keyValueHeads: 4,
  contextTokens: 1024,
  shards: 1,
};

interface Way {
  readonly name: string;
  readonly cpuBudgetBytes: number;
}

/** Budgets that lead to the same weights, all of them in memory, some of the layers, or none that stays. */
function waysOf(): readonly Way[] {
  const params = new Map(
    tensorsOf(SHAPE).map((tensor) => [tensor.name, { ...tensor, dtype: 'BF16', file: '', begin: 0, end: 0 } as const]),
  );
  const table = { get: (name: string) => params.get(name), names: () => [...params.keys()] };
  const config = configOf(SHAPE);
  const emit = familyOf(config).components.decoder;
  if (!emit) throw new Error('The family has no decoder.');
  const wanted = [{ name: 'decoder', emit: (storage: Storage) => emit(config, table, storage) }] as const;
  const plans = [...planComponents({ tier: 'wasm', precision: undefined, wanted, taken: emptyMemory('wasm') })];
  const keptOf = ({ components }: LoadPlan) => components[0]?.streamed?.keptLayers;
  const last = plans.at(-1);
  const whole = plans.find(({ components }) => components[0]?.label === last?.components[0]?.label);
  // Ways that give up exactness come before those that read from disk: only what fits into none of them is streamed.
  const least = Math.min(...plans.filter((plan) => keptOf(plan) === undefined).map(({ memory }) => memory.cpuBytes));
  const some = plans.find((plan) => keptOf(plan) && plan.memory.cpuBytes < least);
  const budgets = [
    ['all layers in memory', whole],
    ['some of them', some],
    ['none that stays', last],
  ] as const;
  return budgets.map(([name, plan]) => ({ name, cpuBudgetBytes: plan?.memory.cpuBytes ?? 0 }));
}

interface Sample {
  readonly tokenMs: number;
  readonly text: string;
  readonly streamed: boolean;
}

/** Runs in the page. The first token waits for the model, the second one for nothing: both are left out. */
async function generate({ model, maxNewTokens }: { model: string; maxNewTokens: number }): Promise<Sample> {
  const { webplat } = window;
  if (!webplat) throw new Error('There is no window.webplat.');
  const options = { maxNewTokens };
  const stream = webplat.stream({ model, task: 'text-generation', input: 'Once upon a time', options });
  const { text, execution } = await stream.result;
  const { totalMs, firstTokenMs, outputTokens } = execution;
  if (outputTokens < 2) throw new Error('There were too few tokens.');
  return {
    tokenMs: (totalMs - firstTokenMs) / (outputTokens - 1),
    text,
    streamed: execution.streamed === true,
  };
}

/** Bytes a second at which the extension reads compiled layers from its private files, measured twice, the later one. */
async function readRate(page: Page): Promise<number> {
  const rates: number[] = [];
  for (let at = 0; at < 2; at += 1) rates.push(await page.evaluate(readLayers));
  return rates.at(-1) ?? Number.NaN;
}

/** Runs in a page of the extension. */
async function readLayers(): Promise<number> {
  const artifacts = await (await navigator.storage.getDirectory()).getDirectoryHandle('artifacts');
  const chunk = 8 * 2 ** 20;
  let [bytes, ms] = [0, 0];
  for await (const folder of artifacts.values()) {
    for await (const handle of (folder as FileSystemDirectoryHandle).values()) {
      if (!handle.name.startsWith('layer.')) continue;
      const file = await (handle as FileSystemFileHandle).getFile();
      const start = performance.now();
      for (let from = 0; from < file.size; from += chunk) await file.slice(from, from + chunk).arrayBuffer();
      ms += performance.now() - start;
      bytes += file.size;
    }
  }
  return (bytes / ms) * 1000;
}

async function streamingOf(ui: UiClient): Promise<Streaming | undefined> {
  const { host } = await ui.call(uiState, {});
  return host?.residents.find(({ name }) => name === MODEL)?.streaming;
}

/** What it costs that layers are not in memory. */
export const layerStreaming: Bench = {
  name: 'layer-streaming',
  method:
    `A made-up decoder of ${SHAPE.layers} layers (0.4 billion parameters, 4-bit weights) on the WebAssembly tier, with a budget for all of its layers, for\n` +
    `some of them, and for none that stays. A token: what the host took for ${TOKENS} tokens after the first one. The disk alone: the bytes that are\n` +
    'read for a token, at the rate at which a page of the extension reads the same files in pieces of the same size, from memory that\n' +
    `the system has as a cache. ${ROUNDS} rounds in turns; medians and quartiles. Texts must agree.`,
  async run() {
    const ways = waysOf();
    const extension = await ensureBuild('dist');
    const hub = await serveHub({ 'org/layers': await generatedRepo(SHAPE) });
    const sites = await serveSites();
    const browser = await launchExtension({ extension, adapter: 'auto' });
    const say = sayProgress();
    const samples = new Map<Way, number[]>(ways.map((way) => [way, []]));
    const found = new Map<Way, Streaming>();
    const texts = new Set<string>();
    let bytesPerS = Number.NaN;
    try {
      const ui = await openUiClient(browser);
      const page = await browser.open(`${sites.origin('site')}/`);
      const settings = { ...hubSettings(hub), backend: 'wasm' } as const;
      await ui.call(uiSettingsSet, settings);
      const limits = { maxMemoryBytes: 2 ** 40, maxComputeMsPerDay: 86_400_000 };
      const granted = await allow(browser, page, { models: [MODEL], limits });
      if (!granted.ok) throw new Error(granted.message);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const way of ways) {
          await ui.call(uiSettingsSet, { ...settings, cpuBudgetBytes: way.cpuBudgetBytes });
          const { tokenMs, text, streamed } = await page.evaluate(generate, { model: MODEL, maxNewTokens: TOKENS + 1 });
          const streaming = await streamingOf(ui);
          if (streamed !== (streaming !== undefined))
            throw new Error('A page and the manager were told different things.');
          if (streaming) found.set(way, streaming);
          samples.get(way)?.push(tokenMs);
          texts.add(text);
          say(`${way.name}: ${tokenMs.toFixed(0)} ms a token, ${streaming?.streamedLayers ?? 0} layers from disk`);
          await ui.call(uiModelUnload, { model: MODEL });
        }
      }
      bytesPerS = await readRate(ui.page);
    } finally {
      await browser.close();
      await sites.close();
      await hub.close();
    }
    if (texts.size !== 1) throw new Error(`Not always the same text: ${[...texts].join(' | ')}`);
    const medians = new Map(ways.map((way) => [way, quartilesOf(samples.get(way) ?? [])]));
    const whole = medians.get(ways[0] as Way) as Quartiles;
    const results = ways.map((way) => {
      const token = medians.get(way) as Quartiles;
      const { streamedLayers = 0, tokenBytes = 0 } = found.get(way) ?? {};
      const diskMs = (tokenBytes / bytesPerS) * 1000;
      return { ...way, streamedLayers, tokenBytes, token, diskMs, apart: token.median / (whole.median + diskMs) };
    });
    if (results[0]?.streamedLayers !== 0 || results.slice(1).some(({ streamedLayers }) => streamedLayers === 0)) {
      throw new Error('Budgets did not lead to what they were meant for.');
    }
    return {
      figures: { results, bytesPerS },
      tables: [
        formatTable(
          ['layers', 'budget', 'from disk', 'bytes a token', 'a token', 'of all in memory', 'the disk alone'],
          results.map(({ name, cpuBudgetBytes, streamedLayers, tokenBytes, token, diskMs }) => [
            name,
            `${(cpuBudgetBytes / 1e6).toFixed(0)} MB`,
            `${streamedLayers} of ${SHAPE.layers}`,
            `${(tokenBytes / 1e6).toFixed(0)} MB`,
            `${token.median.toFixed(0)} ms (${token.low.toFixed(0)}-${token.high.toFixed(0)})`,
            `${(token.median / whole.median).toFixed(2)}x`,
            streamedLayers > 0 ? `${diskMs.toFixed(0)} ms` : '',
          ]),
        ),
        `${browser.version}; wasm; ${(bytesPerS / 1e9).toFixed(2)} GB/s from the private files; medians (quartiles) of ${ROUNDS}`,
      ],
      expectations: results
        .filter(({ streamedLayers }) => streamedLayers > 0)
        .map(({ name, apart }) => ({
          text: `${name}: no slower than computing and reading one after the other (${apart.toFixed(2)} of it)`,
          held: apart <= 1,
        })),
    };
  },
};
