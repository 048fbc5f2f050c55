import { onAbort } from '../../src/shared/abort.ts';

/** Whether requests are computed, for work that lets them go first. */
export interface Busy {
  readonly now: boolean;
  /** Calls `listener` whenever that changes, until `signal` is aborted. */
  watch(listener: (busy: boolean) => void, signal: AbortSignal): void;
}

export interface BusySign extends Busy {
  set(busy: boolean): void;
}

export function createBusySign(): BusySign {
  const listeners = new Set<(busy: boolean) => void>();
  let now = false;
  return {
    get now() {
      return now;
    },
    set(busy) {
      if (busy === now) return;
      now = busy;
      for (const listener of listeners) listener(busy);
    },
    watch(listener, signal) {
      if (signal.aborted) return;
      // A wrapper of its own per caller: two watches with the same listener are two.
      const own = (busy: boolean) => listener(busy);
      listeners.add(own);
      onAbort(signal, () => listeners.delete(own));
    },
  };
}

/** Requests of one conversation follow each other after a pause that is no rest. */
const QUIET_AFTER_MS = 500;

/** Raises the sign while somebody is counted in, and lowers it some time after the last one was counted out. */
export function countBusy(
  sign: BusySign,
  later: (task: () => void, delayMs: number) => () => void,
): { enter(): void; leave(): void } {
  let count = 0;
  let cancel = () => {};
  return {
    enter() {
      count += 1;
      cancel();
      sign.set(true);
    },
    leave() {
      count -= 1;
      if (count === 0) cancel = later(() => sign.set(false), QUIET_AFTER_MS);
    },
  };
}
