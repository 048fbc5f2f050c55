import { WebplatError } from '../../../src/protocol/errors.ts';
import type { MemoryUse } from '../engine.ts';
import type { LoadPlan } from './plan.ts';

/**
 * The best way that memory is granted for. What nobody uses leaves before anything is given up for a way that takes less.
 *
 * @param plans ways with what is loaded now, best first
 * @param drop lets go of one thing that nobody uses; false when there is none
 */
export async function choosePlan(
  plans: () => Iterable<LoadPlan>,
  admit: (need: MemoryUse) => Promise<number | undefined>,
  drop: () => Promise<boolean>,
): Promise<LoadPlan> {
  let leastBytes = Number.POSITIVE_INFINITY;
  let quota = 0;
  for (const plan of plans()) {
    const quotaBytes = await admit(plan.memory);
    if (quotaBytes === undefined) return plan;
    if (await drop()) return choosePlan(plans, admit, drop);
    quota = quotaBytes;
    leastBytes = Math.min(leastBytes, plan.memory.gpuBytes || plan.memory.cpuBytes);
  }
  throw new WebplatError('out-of-memory', 'The model does not fit, however it is stored.', {
    requested: leastBytes,
    quota,
  });
}
