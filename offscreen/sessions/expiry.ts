import type { CaveatValues } from '../../src/protocol/grant.ts';
import type { Clock } from '../../src/shared/clock.ts';

/** Runs a task after a while; returns a function that cancels it. */
export type Later = (task: () => void, delayMs: number) => () => void;

/** Timers of browsers hold 32 bits; what is further away is looked at again then. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Tells when grants run out by the clock. */
export interface ExpiryWatch {
  /** Watches `grants` from now on, in place of those before. */
  set(grants: readonly CaveatValues[]): void;
  stop(): void;
}

/** Calls `onExpired` once for each moment at which one or more of the grants end; those that have ended already are no news. */
export function createExpiryWatch(now: Clock, later: Later, onExpired: () => void): ExpiryWatch {
  let cancel = () => {};

  function arm(ends: readonly number[], from: number): void {
    cancel();
    const next = Math.min(...ends.filter((end) => end > from));
    if (next === Number.POSITIVE_INFINITY) return;
    cancel = later(
      () => {
        const at = now();
        // A timer may be a little early, or was set for as far as timers go.
        if (at < next) {
          arm(ends, at);
          return;
        }
        arm(ends, at);
        onExpired();
      },
      Math.min(next - from, MAX_DELAY_MS),
    );
  }

  return {
    set(grants) {
      const ends = grants.map(({ expiry }) => expiry).filter((expiry) => expiry !== 'never');
      arm(ends, now());
    },
    stop: () => cancel(),
  };
}
