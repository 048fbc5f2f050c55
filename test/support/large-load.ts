import type { Page } from 'playwright';
import { browserBytesByKind } from '../../bench/lib/memory.ts';
import type { LoadProgress } from '../../content/webplat.d.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { type ExtensionBrowser, launchExtension } from './extension-browser.ts';
import { type HeapBytes, watchHeaps } from './heaps.ts';
import { type GeneratedShape, generatedRepo } from './hub/generated.ts';
import { hubSettings, serveHub } from './hub/hub.ts';
import { allow } from './page-client.ts';
import { serveSites } from './sites.ts';
import { openUiClient } from './ui-client.ts';

/** What a site that uses a large checkpoint for the first time makes the browser take. */
export interface LargeLoad {
  /** Bytes of the checkpoint, as the hub has it, and of what was made of it. */
  readonly checkpointBytes: number;
  readonly quantizedBytes: number;
  /** The most that buffers on the graphics device took. */
  readonly gpuBytes: number;
  /** The most that the host's JavaScript took at any time: objects, and array buffers that no module's memory is. */
  readonly heapBytes: number;
  /** Memory of the runtime's WebAssembly module, which only grows. */
  readonly wasmBytes: number;
  /** The most that all three took together. */
  readonly peakBytes: number;
  /** What all processes of the browser took in the end, beyond what they took before. */
  readonly processBytes: number;
  /** The same by the kind of process. */
  readonly processKinds: Readonly<Record<string, number>>;
  readonly loadMs: number;
  readonly generateMs: number;
  readonly tokens: number;
  readonly text: string;
  readonly contextTokens: number;
  readonly browser: string;
  readonly backend: string;
  readonly adapter: string;
}

export interface LargeLoadOptions {
  readonly extension: string;
  readonly shape: GeneratedShape;
  /** The budget on the graphics device, from which everything else follows: bits of weights and caches, the context. */
  readonly gpuBudgetBytes: number;
  readonly maxNewTokens: number;
  readonly adapter: 'software' | 'auto';
  onProgress?(text: string): void;
}

const MODEL = 'hf:org/large';

/**
 * Beside what is on anyway, a day's delay for what Chromium otherwise does three minutes after its start: it starts a service
 * that measures the machine and takes 56 MiB.
 */
const QUIET = '--enable-features=Vulkan,LogOnDeviceMetricsOnStartup:on_device_startup_metric_delay/24h';

/** Serves a generated checkpoint as a hub would, and generates a few tokens with it as a page would. */
export async function measureLargeLoad(options: LargeLoadOptions): Promise<LargeLoad> {
  const { extension, shape, gpuBudgetBytes, adapter, onProgress = () => {} } = options;
  const repo = await generatedRepo(shape);
  const hub = await serveHub({ 'org/large': repo });
  const sites = await serveSites();
  const browser = await launchExtension({ extension, adapter, args: [QUIET] });
  try {
    const ui = await openUiClient(browser);
    await ui.call(uiSettingsSet, { ...hubSettings(hub), backend: 'webgpu', gpuBudgetBytes });
    const page = await browser.open(`${sites.origin('site')}/`);
    const granted = await allow(browser, page, {
      models: [MODEL],
      limits: { maxMemoryBytes: 2 ** 40, maxComputeMsPerDay: 86_400_000 },
    });
    if (!granted.ok) throw new Error(granted.message);
    const idle = await browserBytesByKind(browser);
    const used = await watchUse(browser, page, options.maxNewTokens, onProgress);
    const { host } = await ui.call(uiState, {});
    const [resident] = host?.residents ?? [];
    if (resident?.peakGpuBytes === undefined) throw new Error('The model does not run on a graphics device.');
    const { models } = await ui.call(uiStore, {});
    const wasmBytes = resident.cpuBytes;
    const now = await browserBytesByKind(browser);
    const processKinds = Object.fromEntries(
      Object.entries(now).map(([kind, bytes]) => [kind, bytes - (idle[kind] ?? 0)]),
    );
    return {
      ...used.figures,
      checkpointBytes: [...repo.files].reduce(
        (sum, [name, { bytes }]) => sum + (/\.safetensors$/.test(name) ? bytes : 0),
        0,
      ),
      quantizedBytes: models[0]?.compiledBytes ?? 0,
      gpuBytes: resident.peakGpuBytes,
      wasmBytes,
      heapBytes: Math.max(totalOf(used.converting), totalOf(used.running)) - wasmBytes,
      // Nothing is on the device while weights are converted.
      peakBytes: Math.max(totalOf(used.converting), totalOf(used.running) + resident.peakGpuBytes),
      processBytes: Object.values(processKinds).reduce((sum, bytes) => sum + bytes, 0),
      processKinds,
      browser: browser.version,
    };
  } finally {
    await browser.close();
    await sites.close();
    await hub.close();
  }
}

const totalOf = ({ objects, buffers }: HeapBytes): number => objects + buffers;

interface Use {
  readonly figures: Pick<
    LargeLoad,
    'loadMs' | 'generateMs' | 'tokens' | 'text' | 'contextTokens' | 'backend' | 'adapter'
  >;
  /** The most that the heaps took before weights went to the device, and from then on. */
  readonly converting: HeapBytes;
  readonly running: HeapBytes;
}

async function watchUse(
  browser: ExtensionBrowser,
  page: Page,
  maxNewTokens: number,
  onProgress: (text: string) => void,
): Promise<Use> {
  const heaps = watchHeaps(browser);
  let converting: HeapBytes | undefined;
  await page.exposeFunction('sayProgress', ({ phase, fraction }: LoadProgress) => {
    if (phase === 'compile') converting ??= heaps.takePeak();
    onProgress(`${phase} ${Math.round(fraction * 100)} %`);
  });
  try {
    const figures = await page.evaluate(generateInPage, { model: MODEL, maxNewTokens });
    if (!converting) throw new Error('The page was not told of the last phase of loading.');
    return { figures, converting, running: heaps.takePeak() };
  } finally {
    await heaps.stop();
  }
}

/** Runs in the page. */
async function generateInPage({ model, maxNewTokens }: { model: string; maxNewTokens: number }) {
  const { webplat, sayProgress } = window as typeof window & { sayProgress(progress: unknown): void };
  if (!webplat) throw new Error('There is no window.webplat.');
  const start = performance.now();
  const handle = await webplat.models.load({ model }, { monitor: sayProgress });
  const loadedAt = performance.now();
  const { text, execution } = await webplat.infer({
    model,
    task: 'text-generation',
    input: 'Once upon a time',
    options: { maxNewTokens },
  });
  const generatedAt = performance.now();
  const session = await webplat.session({ model });
  const { windowTokens } = session.contextUsage;
  await session.destroy();
  await handle.release();
  return {
    loadMs: loadedAt - start,
    generateMs: generatedAt - loadedAt,
    tokens: execution.outputTokens,
    text,
    contextTokens: windowTokens,
    backend: execution.backend,
    adapter: execution.adapter ?? '',
  };
}
