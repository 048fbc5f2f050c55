import type { ParamReader } from '../checkpoint/checkpoint.ts';
import type { Busy } from '../schedule/busy.ts';

/** Rest for each millisecond of work, while requests are computed. */
const REST_PER_WORK = 1;
/** Whoever asks to stop waits for no longer than this. */
const LONGEST_REST_MS = 100;

/**
 * Sleeps without a timer: rests that awaited one never ended in Firefox 153 after a run on the graphics device, for a cause that was
 * not found. Where memory cannot be shared there is nothing to sleep on.
 */
const sleep: ((ms: number) => void) | undefined = globalThis.crossOriginIsolated
  ? (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  : undefined;

/**
 * A reader for work that goes on beside requests: between one read and the next, work is followed by a rest while requests are
 * computed. It goes on in any case, so that a site that never stops asking does not keep others from their models.
 */
export function courteous(reader: ParamReader, busy: Busy, rest = sleep, now = () => performance.now()): ParamReader {
  let since: number | undefined;
  return {
    async rows(...wanted) {
      if (busy.now && since !== undefined) rest?.(Math.min(LONGEST_REST_MS, (now() - since) * REST_PER_WORK));
      const rows = await reader.rows(...wanted);
      // Waiting for what has not been downloaded yet is no work.
      since = now();
      return rows;
    },
  };
}
