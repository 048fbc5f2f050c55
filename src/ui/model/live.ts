/** Keeps one value fresh. Fetches never overlap, so an older answer cannot replace a newer one. */
export interface Live {
  /** Fetches now, or once more after the fetch that is under way. */
  refresh(): void;
  dispose(): void;
}

/** What a live value needs from its surroundings. */
export interface LiveOptions<T> {
  readonly fetch: () => Promise<T>;
  readonly onValue: (value: T) => void;
  readonly onError: (error: unknown) => void;
  /** How long to wait until the next fetch; undefined: until somebody asks. */
  readonly nextAfterMs: (value: T) => number | undefined;
  /** Runs `task` after `ms` and returns a function that cancels it. */
  readonly schedule: (task: () => void, ms: number) => () => void;
}

/** Starts with a fetch. */
export function createLive<T>({ fetch, onValue, onError, nextAfterMs, schedule }: LiveOptions<T>): Live {
  let fetching = false;
  let again = false;
  let open = true;
  let cancel = () => {};
  const settle = (value: T) => {
    onValue(value);
    const wait = nextAfterMs(value);
    if (wait !== undefined && !again) cancel = schedule(refresh, wait);
  };
  async function run() {
    fetching = true;
    try {
      const value = await fetch();
      if (open) settle(value);
    } catch (error) {
      if (open) onError(error);
    }
    fetching = false;
    if (again && open) {
      again = false;
      void run();
    }
  }
  function refresh() {
    cancel();
    if (!open) return;
    if (fetching) again = true;
    else void run();
  }
  refresh();
  return {
    refresh,
    dispose() {
      open = false;
      cancel();
    },
  };
}
