import type { MemoryUse } from '../engines/engine.ts';
import { type Budget, planEviction, totalMemory } from './budget.ts';
import { isIdle, type Resident } from './resident.ts';

/** Models that stay, with components that no request of theirs uses: the longest unused first. */
function withIdleComponents(residents: Iterable<Resident>): Resident[] {
  return [...residents]
    .filter((resident) => resident.state === 'ready' && !isIdle(resident) && idleBytes(resident) > 0)
    .sort((a, b) => a.lastUsedAt - b.lastUsedAt);
}

const idleBytes = ({ memory }: Resident): number => memory.idleGpuBytes ?? 0;

/** Has models let go of components that nobody uses, one model after the other, until that is enough. */
async function dropIdleComponents(residents: Iterable<Resident>, enough: () => boolean): Promise<void> {
  for (const resident of withIdleComponents(residents)) {
    if (enough()) return;
    const { model } = resident;
    // A model that breaks while it is asked leaves by itself.
    await model?.dropIdle().catch(() => {});
    if (model && resident.state === 'ready') resident.memory = model.memory();
  }
}

/**
 * Makes room for `need` by components that nobody uses, if it can be had that way or if idle models leave too; for what
 * cannot be had, nobody loses anything.
 */
export async function makeRoom(residents: () => readonly Resident[], need: MemoryUse, budget: Budget): Promise<void> {
  const fits = () => {
    const plan = planEviction(residents(), need, budget, () => false);
    return plan.fits;
  };
  const least = residents().map((resident) => ({
    ...resident,
    memory: { ...resident.memory, gpuBytes: Math.max(0, resident.memory.gpuBytes - idleBytes(resident)) },
  }));
  if (planEviction(least, need, budget).fits) await dropIdleComponents(residents(), fits);
}

/** Gives so much back of what nobody uses, if there is so much: components of models that stay, then idle models. */
export async function freeIdle(
  residents: ReadonlyMap<string, Resident>,
  wanted: MemoryUse,
  remove: (idle: Resident) => Promise<void>,
): Promise<void> {
  const before = totalMemory(residents.values());
  const enough = () => {
    const { gpuBytes, cpuBytes } = totalMemory(residents.values());
    return before.gpuBytes - gpuBytes >= wanted.gpuBytes && before.cpuBytes - cpuBytes >= wanted.cpuBytes;
  };
  // Components give back memory of the device alone.
  if (wanted.gpuBytes > 0) await dropIdleComponents(residents.values(), enough);
  for (const idle of [...residents.values()].filter(isIdle).sort((a, b) => a.lastUsedAt - b.lastUsedAt)) {
    if (!enough()) await remove(idle);
  }
}
