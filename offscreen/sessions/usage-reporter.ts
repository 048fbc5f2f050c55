import type { UsageEntry } from '../../src/protocol/report/report-usage.ts';
import type { Logger } from '../../src/shared/logger.ts';

type Counters = { calls: number; tokens: number; computeMs: number; residentBytes: number };

export interface UsageReporter {
  /** Adds to what the next report says of a session. */
  add(token: string, used: Partial<Counters>): void;
  /** Sends what has gathered and resolves when the background has it, or could not be reached. */
  flush(): Promise<void>;
}

export interface UsageReporterEnvironment {
  readonly instance: string;
  readonly send: (report: { instance: string; seq: number; entries: UsageEntry[] }) => Promise<unknown>;
  readonly logger: Logger;
  readonly later: (task: () => void, delayMs: number) => () => void;
}

const FLUSH_AFTER_MS = 500;
const RETRY_AFTER_MS = 5_000;
/** Entries that one report may have; what is more goes into the next. */
const MOST_ENTRIES = 1024;

/**
 * Gathers counters and reports them in numbered batches. A batch that was not acknowledged is sent again under its old
 * number, so the background counts it once whether or not the first copy arrived.
 */
export function createUsageReporter({ instance, send, logger, later }: UsageReporterEnvironment): UsageReporter {
  const gathered = new Map<string, Counters>();
  let unacknowledged: { seq: number; entries: UsageEntry[] } | undefined;
  let seq = 0;
  let scheduled = false;
  let sending: Promise<void> | undefined;

  function schedule(delayMs: number): void {
    if (scheduled) return;
    scheduled = true;
    later(() => {
      scheduled = false;
      void flush();
    }, delayMs);
  }

  function nextBatch(): { seq: number; entries: UsageEntry[] } | undefined {
    if (unacknowledged) return unacknowledged;
    if (gathered.size === 0) return undefined;
    const entries = [...gathered].slice(0, MOST_ENTRIES).map(([token, counters]) => ({ token, ...counters }));
    for (const { token } of entries) gathered.delete(token);
    seq += 1;
    return { seq, entries };
  }

  async function sendAll(): Promise<void> {
    for (let batch = nextBatch(); batch; batch = nextBatch()) {
      unacknowledged = batch;
      try {
        await send({ instance, ...batch });
        unacknowledged = undefined;
      } catch {
        logger.warn('usage report was not taken, it is kept', { seq: batch.seq });
        schedule(RETRY_AFTER_MS);
        return;
      }
    }
  }

  function flush(): Promise<void> {
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  }

  return {
    add(token, used) {
      const counters = gathered.get(token) ?? { calls: 0, tokens: 0, computeMs: 0, residentBytes: 0 };
      counters.calls += used.calls ?? 0;
      counters.tokens += used.tokens ?? 0;
      counters.computeMs += used.computeMs ?? 0;
      counters.residentBytes = used.residentBytes ?? counters.residentBytes;
      gathered.set(token, counters);
      schedule(FLUSH_AFTER_MS);
    },
    flush,
  };
}
