import type { Engine, LoadedModel, LoadOptions, MemoryUse } from '../../offscreen/engines/engine.ts';
import type { ModelFiles, ModelManifest } from '../../offscreen/store/manifest.ts';
import { WebplatError } from '../../src/protocol/errors.ts';

/** A manifest of a model without files, for tests of what surrounds models. */
export function makeManifest(name: string, overrides: Partial<ModelManifest> = {}): ModelManifest {
  return {
    card: {
      name,
      title: name,
      description: 'A model for tests.',
      licence: 'MIT',
      tasks: ['text-generation', 'tensors'],
      source: 'packaged',
      downloadBytes: 0,
      diskBytes: 10,
      residentBytes: 100,
      contextTokens: 32,
      hardware: {
        family: 'llama',
        parameters: 50,
        components: ['decoder'],
        precisions: [{ precision: 'q4', bytes: 100 }],
        recommended: { precision: 'q4', backends: ['webgpu', 'wasm'] },
      },
    },
    engine: 'ort',
    contentHash: `hash of ${name}`,
    files: [],
    ...overrides,
  };
}

/** A model whose generation is driven by the test, token by token. */
export interface FakeModel extends LoadedModel {
  readonly disposed: boolean;
  /** Breaks the model as a lost device would. */
  break(error: WebplatError): void;
}

export interface FakeEngine extends Engine {
  readonly loads: { manifest: ModelManifest; options: LoadOptions; model: FakeModel }[];
  /** Holds every load back until it is called. */
  hold(): () => void;
}

export interface FakeEngineOptions {
  readonly memory?: MemoryUse;
  /** What a loaded model says that it takes; `memory`, if left out. */
  readonly memoryNow?: () => MemoryUse;
  readonly maxSequences?: number;
  readonly failWith?: () => unknown;
  readonly generate?: LoadedModel['generate'];
  readonly prepare?: LoadedModel['prepare'];
  readonly perform?: LoadedModel['perform'];
  readonly dropIdle?: LoadedModel['dropIdle'];
}

/** An engine that loads at once, or when the test says so. */
export function makeFakeEngine(options: FakeEngineOptions = {}): FakeEngine {
  const memory = options.memory ?? { gpuBytes: 100, cpuBytes: 10 };
  const loads: FakeEngine['loads'] = [];
  let gate = Promise.resolve();
  return {
    name: 'ort',
    loads,
    estimate: () => memory,
    hold() {
      let open = () => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
    async load(manifest, loadOptions) {
      const model = makeFakeModel(options, memory);
      const admitted = await loadOptions.admit(memory);
      if (!admitted.granted) {
        throw new WebplatError('out-of-memory', undefined, {
          requested: memory.gpuBytes || memory.cpuBytes,
          quota: admitted.quotaBytes,
        });
      }
      loads.push({ manifest, options: loadOptions, model });
      await gate;
      loadOptions.signal.throwIfAborted();
      const failure = options.failWith?.();
      if (failure) throw failure;
      loadOptions.onProgress({ phase: 'ready', doneBytes: 1, totalBytes: 1 });
      return model;
    },
  };
}

function makeFakeModel(options: FakeEngineOptions, memory: MemoryUse): FakeModel {
  let disposed = false;
  let fail: (error: WebplatError) => void = () => {};
  const failed = new Promise<WebplatError>((resolve) => {
    fail = resolve;
  });
  return {
    info: {
      backend: 'REAL_WASM',
      tier: 'fake',
      passedOver: [],
      contextTokens: 32,
      maxSequences: options.maxSequences ?? 2,
    },
    failed,
    memory: () => options.memoryNow?.() ?? memory,
    prepare: options.prepare ?? (async () => {}),
    dropIdle: options.dropIdle ?? (async () => {}),
    countTokens: async (input) => (typeof input === 'string' ? input.length : input.length * 3),
    perform:
      options.perform ??
      (async ({ task }) => {
        throw new WebplatError('model-unsupported', undefined, { reason: `The model does not do ${task}.` });
      }),
    run: async ({ inputs }, events) => {
      events.onCompute(1);
      return inputs;
    },
    generate:
      options.generate ??
      (async ({ input }, events) => {
        events.onText({ text: String(input), tokens: 1 });
        events.onCompute(5);
        return { text: String(input), finishReason: 'end', inputTokens: 1, outputTokens: 1, computeMs: 5 };
      }),
    async dispose() {
      disposed = true;
    },
    get disposed() {
      return disposed;
    },
    break: (error) => fail(error),
  };
}

/** A promise with its settling functions. */
export function deferred<T = void>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((ok, no) => {
    resolve = ok;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Timers that a test fires by moving its clock. */
export function makeFakeTime(start = 1_000_000) {
  let now = start;
  const timers = new Set<{ at: number; task: () => void }>();
  return {
    now: () => now,
    set: (value: number) => {
      now = value;
    },
    later: (task: () => void, delayMs: number) => {
      const timer = { at: now + delayMs, task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    /** Moves the clock and runs what is due, oldest first. */
    advance(ms: number) {
      now += ms;
      for (const timer of [...timers].sort((a, b) => a.at - b.at)) {
        if (timer.at > now || !timers.delete(timer)) continue;
        timer.task();
      }
    },
  };
}

/** Files of a model that has none. */
export const NO_FILES: ModelFiles = {
  open: () => Promise.reject(new Error('The model has no files.')),
  chunk: () => Promise.resolve(),
  checked: () => Promise.resolve(),
};

/** Memory without end. */
export const grantAll: LoadOptions['admit'] = async () => ({ granted: true });
