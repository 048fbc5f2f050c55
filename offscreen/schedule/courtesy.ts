/** Read by nobody but the extension's own pages and workers: a channel belongs to an origin. */
const CHANNEL = 'webplat-busy';
/** How often it is said again that requests are computed, for workers that start meanwhile. */
const REPEAT_MS = 250;
/** What was not said again for this long is over. */
const OVER_AFTER_MS = 1_000;
/** Rest for each millisecond of work, while requests are computed. */
const REST_PER_WORK = 2;
const LONGEST_REST_MS = 1_000;

/** Tells all workers whether requests are computed; answers a function to be called whenever that changes. */
export function createBusySign(): (busy: boolean) => void {
  const channel = new BroadcastChannel(CHANNEL);
  let repeating: ReturnType<typeof setInterval> | undefined;
  return (busy) => {
    clearInterval(repeating);
    channel.postMessage(busy);
    if (busy) repeating = setInterval(() => channel.postMessage(true), REPEAT_MS);
  };
}

/** Lets requests go first. */
export interface Courtesy {
  /** To be called when a piece of work begins, after whatever it had to wait for. */
  begin(): void;
  /** To be called after it: takes a rest in proportion to it while requests are computed. */
  rest(): Promise<void>;
}

/**
 * For work that nobody's answer depends on word by word, such as converting and hashing what is downloaded. It goes on in any
 * case, so that a site that never stops asking does not keep others from their models.
 */
export function createCourtesy(): Courtesy {
  const channel = new BroadcastChannel(CHANNEL);
  let busyUntil = 0;
  let since = performance.now();
  channel.onmessage = ({ data }) => {
    busyUntil = data === true ? performance.now() + OVER_AFTER_MS : 0;
  };
  return {
    begin() {
      since = performance.now();
    },
    async rest() {
      const workedMs = performance.now() - since;
      if (performance.now() < busyUntil) {
        const restMs = Math.min(LONGEST_REST_MS, workedMs * REST_PER_WORK);
        await new Promise((resolve) => setTimeout(resolve, restMs));
      }
    },
  };
}
