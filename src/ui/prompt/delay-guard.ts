/** Keeps a dangerous button inert until the window has held still long enough for a person to have read it. */
export interface DelayGuard {
  /** Something moved, appeared or gained focus: the wait starts again. */
  restart(): void;
  /** Not ready, and not waiting either, until the next `restart()`: the window is hidden. */
  hold(): void;
  /** Whether the wait is over, by the clock and not by a timer that may be late or early. */
  ready(): boolean;
}

/** What a guard needs from its surroundings. */
export interface DelayGuardOptions {
  readonly delayMs: number;
  readonly now: () => number;
  /** Runs `task` after `ms` and returns a function that cancels it. */
  readonly schedule: (task: () => void, ms: number) => () => void;
  /** Called whenever `ready()` changed. */
  readonly onChange: (ready: boolean) => void;
}

/** A guard that holds until its first `restart()`. */
export function createDelayGuard({ delayMs, now, schedule, onChange }: DelayGuardOptions): DelayGuard {
  let since = Number.POSITIVE_INFINITY;
  let reported = false;
  let cancel = () => {};
  const ready = () => now() - since >= delayMs;
  const report = (value: boolean) => {
    if (value === reported) return;
    reported = value;
    onChange(value);
  };
  const wait = () => {
    cancel = schedule(
      () => {
        if (ready()) report(true);
        else wait();
      },
      Math.max(1, delayMs - (now() - since)),
    );
  };
  const hold = () => {
    cancel();
    since = Number.POSITIVE_INFINITY;
    report(false);
  };
  return {
    ready,
    hold,
    restart() {
      hold();
      since = now();
      wait();
    },
  };
}
