import type { Pool } from './pool.ts';

/** How long after a look the next one is taken. */
const LOOK_EVERY_MS = 60_000;

export interface MemoryWatchEnvironment {
  readonly pool: Pick<Pool, 'free' | 'residents'>;
  /** Bytes of ordinary memory that the host takes, workers included; undefined where nobody knows. */
  readonly measure: () => Promise<number | undefined>;
  /** Bytes that the user lets models take. */
  readonly budgetBytes: () => number;
  readonly later: (task: () => void, delayMs: number) => () => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Compares what the host really takes with the budget, because what the runtime and the browser take on top of weights is only
 * estimated when a model is admitted. Where it is more, what nobody uses gives that much back.
 */
export function watchMemory({ pool, measure, budgetBytes, later, signal }: MemoryWatchEnvironment): void {
  async function look(): Promise<void> {
    if (signal.aborted) return;
    // A measurement may make the browser collect garbage: not while there is nothing that could leave.
    if (pool.residents().length > 0) {
      const bytes = await measure();
      const over = (bytes ?? 0) - budgetBytes();
      if (over > 0) await pool.free({ gpuBytes: 0, cpuBytes: over });
    }
    later(look, LOOK_EVERY_MS);
  }
  later(look, LOOK_EVERY_MS);
}
