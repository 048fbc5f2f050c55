import type { MemoryUse } from '../engines/engine.ts';
import { isIdle, type Resident } from './resident.ts';

/** Bytes that models may take together. */
export interface Budget {
  readonly gpuBytes: number;
  readonly cpuBytes: number;
}

export function totalMemory(residents: Iterable<Resident>): MemoryUse {
  let gpuBytes = 0;
  let cpuBytes = 0;
  for (const { memory } of residents) {
    gpuBytes += memory.gpuBytes;
    cpuBytes += memory.cpuBytes;
  }
  return { gpuBytes, cpuBytes };
}

const fits = (use: MemoryUse, need: MemoryUse, budget: Budget): boolean =>
  use.gpuBytes + need.gpuBytes <= budget.gpuBytes && use.cpuBytes + need.cpuBytes <= budget.cpuBytes;

/** What a model can take that wants so much: more than the budget is never granted, and larger ones are stored otherwise. */
export const withinBudget = ({ gpuBytes, cpuBytes }: MemoryUse, budget: Budget): MemoryUse => ({
  gpuBytes: Math.min(gpuBytes, budget.gpuBytes),
  cpuBytes: Math.min(cpuBytes, budget.cpuBytes),
});

export type EvictionPlan =
  | { readonly fits: true; readonly leaving: readonly Resident[] }
  /** Even without all idle models it would not fit into this many bytes. */
  | { readonly fits: false; readonly quotaBytes: number };

/**
 * Chooses which idle models must leave so that `need` fits: least recently used first, never one that `mayLeave` does not
 * name, which is by default one that is held or busy.
 * Nothing a page sends takes part in the choice.
 */
export function planEviction(
  residents: Iterable<Resident>,
  need: MemoryUse,
  budget: Budget,
  mayLeave: (resident: Resident) => boolean = isIdle,
): EvictionPlan {
  const staying = new Set(residents);
  const leaving: Resident[] = [];
  const candidates = [...staying].filter(mayLeave).sort((a, b) => a.lastUsedAt - b.lastUsedAt);
  while (!fits(totalMemory(staying), need, budget)) {
    const next = candidates.shift();
    if (!next) {
      const gpu = totalMemory(staying).gpuBytes + need.gpuBytes > budget.gpuBytes;
      return { fits: false, quotaBytes: gpu ? budget.gpuBytes : budget.cpuBytes };
    }
    staying.delete(next);
    leaving.push(next);
  }
  return { fits: true, leaving };
}
