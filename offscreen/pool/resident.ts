import type { LoadProgress } from '../../src/protocol/generation.ts';
import { type Hardware, REAL_BACKENDS } from '../../src/protocol/hardware.ts';
import type { ResidentModel } from '../../src/protocol/model.ts';
import type { LoadedModel, MemoryUse } from '../engines/engine.ts';
import type { ModelManifest } from '../store/manifest.ts';
import type { LoadProgressTracker } from './load-progress.ts';

/** A model, as a request wants it. */
export interface Wanted {
  readonly manifest: ModelManifest;
  readonly hardware?: Hardware | undefined;
}

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
  /** Leases by holder (a session's token); the model stays while there is one. */
  readonly holders: Map<string, number>;
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
export function meets({ state, model, hardware }: Resident, { backends, precision }: Hardware): boolean {
  if (state === 'unloading') return false;
  if (precision !== undefined && precision !== hardware.precision) return false;
  if (backends === undefined) return true;
  // What WebNN leaves to the processor changes what it says that it computes with, not what it is.
  const onWebnn = model?.info.placements !== undefined;
  return backends.some((name) => (name === 'webnn' ? onWebnn : REAL_BACKENDS[name] === model?.info.backend));
}

/** Whether nothing would be interrupted if the model left now. */
export function isIdle(resident: Resident): boolean {
  return resident.state === 'ready' && resident.holders.size === 0 && resident.active === 0;
}

/** What the manager and the benchmarks see of a slot. */
export function describeResident(resident: Resident): ResidentModel {
  const info = resident.model?.info;
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
