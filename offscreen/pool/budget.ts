import { WebplatError } from '../../src/protocol/errors.ts';
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

/**
 * Chooses which idle models must leave so that `need` fits: least recently used first, never one that is held or busy.
 * Nothing a page sends takes part in the choice.
 *
 * @throws {@link WebplatError} `out-of-memory` when it cannot fit; nothing is evicted then.
 */
export function planEviction(residents: Iterable<Resident>, need: MemoryUse, budget: Budget): readonly Resident[] {
  const staying = new Set(residents);
  const leaving: Resident[] = [];
  const candidates = [...staying].filter(isIdle).sort((a, b) => a.lastUsedAt - b.lastUsedAt);
  while (!fits(totalMemory(staying), need, budget)) {
    const next = candidates.shift();
    if (!next) throw outOfMemory(need, budget);
    staying.delete(next);
    leaving.push(next);
  }
  return leaving;
}

function outOfMemory(need: MemoryUse, budget: Budget): WebplatError {
  const gpu = need.gpuBytes > 0;
  return new WebplatError('out-of-memory', undefined, {
    requested: gpu ? need.gpuBytes : need.cpuBytes,
    quota: gpu ? budget.gpuBytes : budget.cpuBytes,
  });
}
