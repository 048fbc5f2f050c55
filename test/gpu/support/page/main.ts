import { probeCapabilities } from '../../../../offscreen/device/capabilities.ts';
import { openDevice, requestAdapter } from '../../../../offscreen/device/gpu-device.ts';
import { kickWhile, measureReadBack } from '../../../../offscreen/device/read-back.ts';
import type { LoadedModel, MemoryUse, ModelUse } from '../../../../offscreen/engines/engine.ts';
import { createOrtEngine } from '../../../../offscreen/engines/ort/engine.ts';
import type { ModelManifest } from '../../../../offscreen/store/manifest.ts';
import { createPackagedSource } from '../../../../offscreen/store/packaged-source.ts';
import { toWireError } from '../../../../src/protocol/errors.ts';
import type { GenerationOptions, LoadProgress, TextInput } from '../../../../src/protocol/generation.ts';
import type { Precision } from '../../../../src/protocol/hardware-names.ts';
import type { Settings } from '../../../../src/protocol/settings.ts';
import { int64, type PlainTensor, toWire } from './plain-tensor.ts';
import { surprise } from './surprise.ts';
import { callTask, endTasks, startTasks } from './tasks.ts';

const assetBase = new URL('./', location.href);
const models = new Map<number, LoadedModel>();
let lastModel = 0;
/** Components that left memory while their models stayed. */
const dropped: string[] = [];
/** Memory that was asked for. */
const wanted: MemoryUse[] = [];

export interface LoadArguments {
  readonly backend: Settings['backend'];
  readonly precision: Precision;
  /** Builds of the runtime that shall look unusable. */
  readonly withoutJspi?: boolean;
  readonly manifest?: ModelManifest;
  /** What it is loaded for; text generation if left out. */
  readonly use?: ModelUse;
  /** Bytes on the graphics device that are granted. */
  readonly gpuBudgetBytes?: number;
  /** Bytes of ordinary memory that are granted. */
  readonly cpuBudgetBytes?: number;
  /** Sizes and hashes of files that were replaced, as if they had always been so. */
  readonly replaced?: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export interface GenerateArguments {
  readonly model: number;
  readonly input: TextInput;
  readonly options?: GenerationOptions;
  readonly maxNewTokens?: number;
  /** Aborts after so many chunks. */
  readonly abortAfter?: number;
}

/** Runs `work` and reports how it ended, because errors lose their fields on the way to the test. */
async function outcome<T>(work: () => Promise<T>) {
  try {
    return { value: await work() };
  } catch (thrown) {
    const name = thrown instanceof Error ? thrown.name : 'unknown';
    return { error: { ...toWireError(thrown), name, text: String(thrown) } };
  }
}

function get(model: number): LoadedModel {
  const loaded = models.get(model);
  if (!loaded) throw new Error('No such model.');
  return loaded;
}

const resolveManifest = async () => {
  const manifest = await createPackagedSource(assetBase).resolve('packaged:storyteller');
  if (!manifest) throw new Error('The model is not packaged.');
  return manifest;
};

const api = {
  capabilities: probeCapabilities,
  manifest: resolveManifest,

  load: ({
    backend,
    precision,
    withoutJspi = false,
    manifest,
    use = { task: 'text-generation' },
    replaced = {},
    gpuBudgetBytes = Number.POSITIVE_INFINITY,
    cpuBudgetBytes = Number.POSITIVE_INFINITY,
  }: LoadArguments) =>
    outcome(async () => {
      const engine = createOrtEngine({
        assetBase,
        precision,
        spawn: () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
        capabilities: async () => {
          const found = await probeCapabilities();
          return withoutJspi ? { ...found, wasm: { ...found.wasm, jspi: false } } : found;
        },
      });
      const phases: LoadProgress['phase'][] = [];
      const start = performance.now();
      const { signal } = new AbortController();
      const model = manifest ?? (await resolveManifest());
      const files = createPackagedSource(assetBase).open(model, signal, () => {});
      const loaded = await engine.load(model, {
        use,
        signal,
        async admit(need) {
          const { gpuBytes, cpuBytes } = need;
          wanted.push(need);
          if (gpuBytes > gpuBudgetBytes) return { granted: false, quotaBytes: gpuBudgetBytes };
          if (cpuBytes > cpuBudgetBytes) return { granted: false, quotaBytes: cpuBudgetBytes };
          return { granted: true };
        },
        files: {
          ...files,
          async open(path) {
            const access = await files.open(path);
            return access.kind === 'url' ? { ...access, ...replaced[path] } : access;
          },
        },
        backend,
        onProgress: ({ phase }) => phases.push(phase),
        onDropped: (component) => dropped.push(component),
      });
      lastModel += 1;
      models.set(lastModel, loaded);
      return {
        model: lastModel,
        info: loaded.info,
        memory: loaded.memory(),
        phases,
        ms: performance.now() - start,
      };
    }),

  generate: ({ model, input, options = {}, maxNewTokens = 64, abortAfter }: GenerateArguments) =>
    outcome(async () => {
      const abort = new AbortController();
      const chunks: string[] = [];
      let computeMs = 0;
      let firstMs = 0;
      const start = performance.now();
      const result = await get(model).generate(
        { input, options, maxNewTokens },
        {
          signal: abort.signal,
          onText({ text }) {
            firstMs ||= performance.now() - start;
            chunks.push(text);
            if (chunks.length === abortAfter) abort.abort();
          },
          onCompute(ms) {
            computeMs = ms;
          },
        },
      );
      return { ...result, chunks, reportedMs: computeMs, firstMs, ms: performance.now() - start };
    }),

  /** The likeliest token after each of `ids` and the sum of the surprises of all of them but the first, in one run. */
  score: (model: number, ids: readonly number[]) =>
    outcome(async () => {
      const positions = [...ids.keys()];
      const outputs = await get(model).run(
        { inputs: { input_ids: int64(ids, [1, ids.length]), logit_positions: int64(positions, [ids.length]) } },
        { signal: new AbortController().signal, onCompute: () => {} },
      );
      const logits = new Float32Array(outputs.logits?.data ?? new ArrayBuffer(0));
      const width = logits.length / ids.length;
      const rows = positions.map((row) => logits.subarray(row * width, (row + 1) * width));
      return {
        likeliest: rows.map((row) => row.indexOf(row.reduce((best, logit) => Math.max(best, logit)))),
        negativeLogLikelihood: ids
          .slice(1)
          .reduce((sum, id, i) => sum + surprise(rows[i] ?? new Float32Array(0), id), 0),
      };
    }),

  /** One graph on tensors whose values are plain numbers, which is what tests can send and receive. */
  runGraph: (model: number, graph: string, inputs: Readonly<Record<string, PlainTensor>>) =>
    outcome(async () => {
      const tensors = Object.entries(inputs).map(([name, tensor]) => [name, toWire(tensor)]);
      const events = { signal: new AbortController().signal, onCompute: () => {} };
      const outputs = await get(model).run({ graph, inputs: Object.fromEntries(tensors) }, events);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { dims, data }]) => [
          name,
          { dtype: 'float32', dims, values: Array.from(new Float32Array(data)) } satisfies PlainTensor,
        ]),
      );
    }),
  run: (model: number, request: Parameters<LoadedModel['run']>[0]) =>
    outcome(() => get(model).run(request, { signal: new AbortController().signal, onCompute: () => {} })),
  prepare: (model: number, use: ModelUse) =>
    outcome(async () => {
      await get(model).prepare(use, new AbortController().signal);
      return true;
    }),
  dropIdle: async (model: number) => {
    await get(model).dropIdle();
    return dropped.splice(0);
  },
  wanted: () => wanted.splice(0),
  startTasks: (manifest: ModelManifest) => startTasks(assetBase, manifest),
  callTask,
  endTasks,
  countTokens: (model: number, input: TextInput) => outcome(() => get(model).countTokens(input)),
  failure: async (model: number) => toWireError(await get(model).failed),
  info: (model: number) => get(model).info,
  memory: (model: number) => get(model).memory(),
  dispose: (model: number) => get(model).dispose(),

  /** Flips a byte in, or cuts off the end of, a weights file of every compiled model; answers how many there were. */
  async damageCache(how: 'flip' | 'truncate'): Promise<number> {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('artifacts');
    let damaged = 0;
    for await (const entry of folder.values()) {
      if (!(entry instanceof FileSystemDirectoryHandle)) continue;
      const handle = await entry.getFileHandle('layer.0.bin');
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      const stream = await handle.createWritable();
      await stream.write(how === 'flip' ? bytes : bytes.subarray(0, middle));
      await stream.close();
      damaged += 1;
    }
    return damaged;
  },

  async clearCache(): Promise<void> {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry('artifacts', { recursive: true }).catch(() => {});
  },

  async readBackMs(): Promise<{ plain: number; kicked: number } | undefined> {
    const adapter = await requestAdapter();
    if (!adapter) return undefined;
    const { device } = await openDevice(adapter);
    await measureReadBack(device);
    const plain = await measureReadBack(device);
    const kicked = await measureReadBack(device, (work) => kickWhile(device, work));
    device.destroy();
    return { plain, kicked };
  },
};

export type ModelPage = typeof api;
Object.assign(globalThis, { modelPage: api });
