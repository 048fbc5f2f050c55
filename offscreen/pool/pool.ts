import { ERRORS, WebplatError } from '../../src/protocol/errors.ts';
import type { LoadProgress } from '../../src/protocol/generation.ts';
import type { Hardware } from '../../src/protocol/hardware.ts';
import type { ResidentModel } from '../../src/protocol/model.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import { abortable } from '../../src/shared/abort.ts';
import type { Clock } from '../../src/shared/clock.ts';
import type { Logger } from '../../src/shared/logger.ts';
import type { Engine, LoadedModel, MemoryUse, ModelUse } from '../engines/engine.ts';
import type { ModelManifest } from '../store/manifest.ts';
import { planEviction, totalMemory, withinBudget } from './budget.ts';
import { freeIdle, makeRoom } from './idle.ts';
import { createLease, type Lease } from './lease.ts';
import { trackLoadProgress } from './load-progress.ts';
import {
  describeResident,
  heldBytes,
  holdAs,
  isIdle,
  meets,
  namesHeld,
  type OpenFiles,
  type Resident,
  viewFor,
  type Wanted,
} from './resident.ts';

export interface AcquireOptions {
  /** Who holds the lease: a session's token. */
  readonly holder: string;
  /** What the model is wanted for: what is missing for it is loaded. */
  readonly use: ModelUse;
  /** What it is to be computed with; whatever there is, if left out. */
  readonly hardware?: Hardware | undefined;
  readonly signal: AbortSignal;
  /** Takes only memory that is free: no idle model leaves for it. */
  readonly onlyIntoFree?: boolean;
  onProgress?(progress: LoadProgress): void;
}

export interface Pool {
  /** Loads the model if no copy is resident that will do (once, however many ask) and holds it. */
  acquire(manifest: ModelManifest, options: AcquireOptions): Promise<Lease>;
  /** Upper estimate of what the model takes, or what it takes if it is resident. */
  estimate(manifest: ModelManifest, hardware?: Hardware): MemoryUse;
  unload(name: string): Promise<boolean>;
  /** Whether a model of this content is in memory or being loaded. */
  isResident(contentHash: string): boolean;
  /** Settles when what nobody uses left for a lower budget. */
  applySettings(settings: Settings): Promise<void>;
  /** Gives so much back of what nobody uses, as far as there is so much. */
  free(wanted: MemoryUse): Promise<void>;
  residents(): readonly ResidentModel[];
  memory(): MemoryUse;
  /** Names of the models that a holder has a lease on. */
  heldModels(holder: string): readonly string[];
  /** Loads that ended well since the pool was made. */
  readonly modelLoads: number;
  /** Bytes of the models that any of `holders` has a lease on, each copy once; the one that would serve `except` is left out. */
  heldBytes(holders: ReadonlySet<string>, except?: Wanted): number;
  dispose(): Promise<void>;
}

export interface PoolEnvironment {
  readonly engines: readonly Engine[];
  readonly openFiles: OpenFiles;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly now: Clock;
  /** Runs `task` after a while and returns a function that cancels it. */
  readonly later: (task: () => void, delayMs: number) => () => void;
}

/** Keeps models in memory, each once, under a byte budget. */
export function createPool(environment: PoolEnvironment): Pool {
  const { engines, logger, now, later } = environment;
  const residents = new Map<string, Resident>();
  let settings = environment.settings;
  let modelLoads = 0;

  const engineOf = (manifest: ModelManifest): Engine => {
    const engine = engines.find(({ name }) => name === manifest.engine);
    if (!engine) throw new WebplatError('model-unsupported', undefined, { reason: 'No engine of this build runs it.' });
    return engine;
  };
  const contentOf = (manifest: ModelManifest): string =>
    `${manifest.engine}/${settings.backend}/${(manifest.base ?? manifest).contentHash}`;
  const keyOf = ({ manifest, hardware = {} }: Wanted): string =>
    [contentOf(manifest), hardware.backends, hardware.precision, manifest.base && 'adapted']
      .filter((part) => part !== undefined)
      .join('/');

  /** The copy that serves a request: the one that was loaded for such requests, or any other that will do. */
  function find(wanted: Wanted): Resident | undefined {
    const content = contentOf(wanted.manifest);
    const willDo = (resident: Resident) => resident.content === content && meets(resident, wanted);
    return residents.get(keyOf(wanted)) ?? [...residents.values()].find(willDo);
  }

  const budget = () => ({ gpuBytes: settings.gpuBudgetBytes, cpuBytes: settings.cpuBudgetBytes });

  function remove(resident: Resident, why: string): Promise<void> {
    if (residents.get(resident.key) === resident) residents.delete(resident.key);
    resident.state = 'unloading';
    resident.cancelIdle?.();
    resident.abortLoad.abort(new WebplatError('engine-failed', 'The model was unloaded while it loaded.'));
    logger.info('model leaves memory', { model: resident.manifest.card.name, why });
    return resident.model?.dispose() ?? Promise.resolve();
  }

  /**
   * Sets the timer that unloads an idle model. One that runs is left alone: it looks at the last use when it fires, so that
   * requests need not set it anew.
   */
  function watchIdle(resident: Resident): void {
    if (resident.cancelIdle || !isIdle(resident)) return;
    const delayMs = Math.max(0, resident.lastUsedAt + settings.idleUnloadMs - now());
    resident.cancelIdle = later(() => {
      resident.cancelIdle = undefined;
      if (!isIdle(resident)) return;
      if (now() < resident.lastUsedAt + settings.idleUnloadMs) watchIdle(resident);
      else void remove(resident, 'idle');
    }, delayMs);
  }

  function touch(resident: Resident): void {
    resident.lastUsedAt = now();
    watchIdle(resident);
  }

  /** Sets memory aside for a model that is being loaded, if it can be had without anybody losing one that is in use. */
  async function admit(resident: Resident, need: MemoryUse) {
    const others = () => [...residents.values()].filter((other) => other !== resident);
    if (!resident.onlyIntoFree) await makeRoom(others, need, budget());
    const plan = planEviction(others(), need, budget(), resident.onlyIntoFree ? () => false : isIdle);
    if (!plan.fits) return { granted: false, quotaBytes: plan.quotaBytes } as const;
    resident.memory = need;
    await Promise.all(plan.leaving.map((other) => remove(other, 'evicted')));
    return { granted: true } as const;
  }

  const free = (wanted: MemoryUse): Promise<void> =>
    freeIdle(residents, wanted, (idle) => remove(idle, 'memory is short'));

  function startLoad(manifest: ModelManifest, options: AcquireOptions): Resident {
    const { use, hardware = {}, onlyIntoFree = false } = options;
    const key = keyOf({ manifest, hardware });
    const engine = engineOf(manifest);
    const abortLoad = new AbortController();
    const listeners: Resident['listeners'] = new Set();
    const tell = (progress: LoadProgress) => {
      for (const listener of listeners) listener(progress);
    };
    const progress = trackLoadProgress(tell);
    const resident: Resident = {
      key,
      content: contentOf(manifest),
      hardware,
      manifest,
      state: 'loading',
      // Nothing is set aside before the engine knows what it needs.
      memory: { gpuBytes: 0, cpuBytes: 0 },
      model: undefined,
      holders: new Map(),
      used: new Map([[manifest.contentHash, manifest]]),
      active: 0,
      lastUsedAt: now(),
      abortLoad,
      waiters: 0,
      onlyIntoFree,
      listeners,
      progress,
      loaded: Promise.reject(new WebplatError('internal')),
      cancelIdle: undefined,
    };
    resident.loaded.catch(() => {});
    resident.loaded = engine
      .load(manifest, {
        use,
        hardware,
        signal: abortLoad.signal,
        backend: settings.backend,
        files: environment.openFiles(manifest, abortLoad.signal, progress.note),
        onProgress: progress.note,
        onDropped: progress.forget,
        admit: (need) => admit(resident, need),
      })
      .then(
        (model) => finishLoad(resident, model),
        (error) => {
          if (residents.get(key) === resident) residents.delete(key);
          throw error;
        },
      );
    resident.loaded.catch(() => {});
    residents.set(key, resident);
    return resident;
  }

  async function finishLoad(resident: Resident, model: LoadedModel): Promise<LoadedModel> {
    if (resident.state !== 'loading' || resident.abortLoad.signal.aborted) {
      await model.dispose();
      throw resident.abortLoad.signal.reason ?? new WebplatError('engine-failed');
    }
    resident.model = model;
    resident.memory = model.memory();
    resident.state = 'ready';
    modelLoads += 1;
    void model.failed.then((error) => {
      logger.warn('model failed', { model: resident.manifest.card.name, code: error.code });
      void remove(resident, error.code);
      // The device holds less than the budget says: what nobody uses leaves before anybody tries again.
      if (error.code === 'out-of-memory') void free({ gpuBytes: Number.POSITIVE_INFINITY, cpuBytes: 0 });
    });
    logger.info('model is resident', { model: resident.manifest.card.name, tier: model.info.tier, ...resident.memory });
    return model;
  }

  async function waitForLoad(resident: Resident, signal: AbortSignal): Promise<LoadedModel> {
    resident.waiters += 1;
    try {
      return await abortable(resident.loaded, signal);
    } finally {
      resident.waiters -= 1;
      if (resident.waiters === 0 && resident.state === 'loading') {
        resident.abortLoad.abort(new WebplatError('aborted', ERRORS.aborted.remedy));
        if (residents.get(resident.key) === resident) residents.delete(resident.key);
      }
    }
  }

  /** The model in memory, with everything that a use of it needs. */
  async function ready(resident: Resident, manifest: ModelManifest, options: AcquireOptions): Promise<LoadedModel> {
    const { use, signal, onProgress } = options;
    // A wrapper of its own per caller: two calls with the same listener are two subscriptions.
    const listener = (progress: LoadProgress) => onProgress?.(progress);
    resident.listeners.add(listener);
    try {
      const loaded = resident.state === 'ready' ? await resident.loaded : await waitForLoad(resident, signal);
      const model = viewFor(resident, loaded, manifest, environment.openFiles);
      await model.prepare(use, signal);
      return model;
    } finally {
      resident.listeners.delete(listener);
    }
  }

  return {
    async acquire(manifest, options) {
      options.signal.throwIfAborted();
      const resident = find({ manifest, hardware: options.hardware }) ?? startLoad(manifest, options);
      // Whoever needs it now makes the load that was begun ahead one that others leave for.
      if (!options.onlyIntoFree) resident.onlyIntoFree = false;
      // Counted before waiting, so that a load which several sessions wait for cannot be evicted between.
      const unhold = holdAs(resident, options.holder, manifest.card.name);
      const release = () => {
        unhold();
        touch(resident);
      };
      try {
        const model = await ready(resident, manifest, options);
        return createLease(resident, model, {
          touch: () => touch(resident),
          release,
        });
      } catch (error) {
        release();
        throw error;
      }
    },
    estimate: (manifest, hardware) =>
      find({ manifest, hardware })?.memory ?? withinBudget(engineOf(manifest).estimate(manifest), budget()),
    async unload(name) {
      const matching = [...residents.values()].filter(({ manifest }) => manifest.card.name === name);
      await Promise.all(matching.map((resident) => remove(resident, 'asked to')));
      return matching.length > 0;
    },
    isResident: (contentHash) => [...residents.values()].some(({ used }) => used.has(contentHash)),
    applySettings(next) {
      settings = next;
      for (const idle of [...residents.values()].filter(isIdle)) {
        idle.cancelIdle?.();
        idle.cancelIdle = undefined;
        watchIdle(idle);
      }
      const { gpuBytes, cpuBytes } = totalMemory(residents.values());
      return free({ gpuBytes: gpuBytes - budget().gpuBytes, cpuBytes: cpuBytes - budget().cpuBytes });
    },
    free,
    residents: () => [...residents.values()].map(describeResident),
    memory: () => totalMemory(residents.values()),
    get modelLoads() {
      return modelLoads;
    },
    heldModels: (holder) => namesHeld(residents.values(), holder),
    heldBytes: (holders, except) => heldBytes(residents.values(), holders, except && find(except)),
    dispose: async () => void (await Promise.all([...residents.values()].map((left) => remove(left, 'host ends')))),
  };
}
