import type { LoadProgress } from '../../src/protocol/generation.ts';
import { type Hardware, REAL_BACKENDS } from '../../src/protocol/hardware.ts';
import type { ResidentModel } from '../../src/protocol/model.ts';
import type { ComponentProgress, LoadedModel, MemoryUse } from '../engines/engine.ts';
import type { ModelFiles, ModelManifest } from '../store/manifest.ts';
import type { LoadProgressTracker } from './load-progress.ts';

/** A model, as a request wants it. */
export interface Wanted {
  readonly manifest: ModelManifest;
  readonly hardware?: Hardware | undefined;
}

/** Opens the files of a model that is about to be loaded; downloading is told by `onProgress`. */
export type OpenFiles = (
  manifest: ModelManifest,
  signal: AbortSignal,
  onProgress: (progress: ComponentProgress) => void,
) => ModelFiles;

/** One slot of the pool: a model that is loading, ready or being unloaded. Only the pool changes it. */
export interface Resident {
  readonly key: string;
  readonly manifest: ModelManifest;
  /** What it has in common with other copies of the same content. */
  readonly content: string;
  /** What the request wanted that it was loaded for. */
  readonly hardware: Hardware;
  state: 'loading' | 'ready' | 'unloading';
  /** The estimate while loading, what the model says of itself once ready. */
  memory: MemoryUse;
  model: LoadedModel | undefined;
  /** Names that leases were taken by, for each holder (a session's token); the model stays while there is one. */
  readonly holders: Map<string, readonly string[]>;
  /** The models that were used of it, by their hashes; adapters of it each for itself. */
  readonly used: Map<string, ModelManifest>;
  /** Requests between the start of waiting for a slot and their end. */
  active: number;
  lastUsedAt: number;
  /** Aborts the load when the last caller waiting for it went away. */
  readonly abortLoad: AbortController;
  waiters: number;
  /** Whether everybody who asked for it so far wants it only where memory is free. */
  onlyIntoFree: boolean;
  readonly listeners: Set<(progress: LoadProgress) => void>;
  readonly progress: LoadProgressTracker;
  loaded: Promise<LoadedModel>;
  /** Set while a timer waits for it to have been idle for long enough. */
  cancelIdle: (() => void) | undefined;
}

/**
 * Whether a copy will do for a request. Who asks for a precision gets a copy that was loaded for it: in others, parts that are
 * loaded later may be stored otherwise.
 */
export function meets(resident: Resident, { manifest, hardware: { backends, precision } = {} }: Wanted): boolean {
  const { state, model, hardware } = resident;
  if (state === 'unloading') return false;
  if (precision !== undefined && precision !== hardware.precision) return false;
  // What WebNN leaves to the processor changes what it says that it computes with, not what it is.
  const onWebnn = model?.info.placements !== undefined;
  // Its graphs are of fixed sizes, and take no adapters.
  if (manifest.base && (onWebnn || hardware.backends?.includes('webnn'))) return false;
  if (backends === undefined) return true;
  return backends.some((name) => (name === 'webnn' ? onWebnn : REAL_BACKENDS[name] === model?.info.backend));
}

/** Notes that a holder took a lease by this name; answers how it is given back, once. */
export function holdAs({ holders }: Resident, holder: string, name: string): () => void {
  holders.set(holder, [...(holders.get(holder) ?? []), name]);
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    const names = holders.get(holder) ?? [];
    const left = names.toSpliced(names.indexOf(name), 1);
    if (left.length > 0) holders.set(holder, left);
    else holders.delete(holder);
  };
}

/** Names of the models that a holder has a lease on. */
export function namesHeld(residents: Iterable<Resident>, holder: string): readonly string[] {
  const ready = [...residents].filter(({ state }) => state === 'ready');
  return [...new Set(ready.flatMap(({ holders }) => holders.get(holder) ?? []))];
}

/** The model as a manifest has it: itself, or an adapter of it, whose files are opened when it is first needed. */
export function viewFor(
  { used, abortLoad, progress }: Resident,
  model: LoadedModel,
  manifest: ModelManifest,
  openFiles: OpenFiles,
): LoadedModel {
  used.set(manifest.contentHash, manifest);
  if (!manifest.base || !model.adapted) return model;
  return model.adapted(manifest, (signal) =>
    openFiles(manifest, AbortSignal.any([abortLoad.signal, signal]), progress.note),
  );
}

/** Whether nothing would be interrupted if the model left now. */
export function isIdle(resident: Resident): boolean {
  return resident.state === 'ready' && resident.holders.size === 0 && resident.active === 0;
}

/** What the manager and the benchmarks see of a slot. */
export function describeResident(resident: Resident): ResidentModel {
  const info = resident.model?.info;
  const adapters = [...resident.used.values()].filter(({ base }) => base).map(({ card }) => card.name);
  return {
    name: resident.manifest.card.name,
    key: resident.key,
    state: resident.state,
    ...(info && { backend: info.backend, tier: info.tier }),
    ...(info?.adapter && { adapter: info.adapter }),
    passedOver: info ? [...info.passedOver] : [],
    ...(info?.placements && { placements: [...info.placements] }),
    ...(info?.streaming && { streaming: { ...info.streaming } }),
    components: [...resident.progress.components],
    ...(adapters.length > 0 && { adapters }),
    gpuBytes: resident.memory.gpuBytes,
    cpuBytes: resident.memory.cpuBytes,
    ...(resident.memory.peakGpuBytes !== undefined && { peakGpuBytes: resident.memory.peakGpuBytes }),
    references: resident.holders.size,
    active: resident.active,
  };
}

/** Bytes of those that any of `holders` has a lease on, each once; one may be left out. */
export function heldBytes(
  residents: Iterable<Resident>,
  holders: ReadonlySet<string>,
  except: Resident | undefined,
): number {
  let bytes = 0;
  for (const resident of residents) {
    const held = [...resident.holders.keys()].some((holder) => holders.has(holder));
    if (held && resident !== except) bytes += resident.memory.gpuBytes + resident.memory.cpuBytes;
  }
  return bytes;
}
