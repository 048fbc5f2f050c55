import { toWireError } from '../../src/protocol/errors.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { type Job, LISTED_DAMAGE } from '../../src/protocol/store.ts';
import { randomToken } from '../../src/shared/ids.ts';

/** What the work of a job tells while it is at it. */
export interface JobReport {
  /** How much there is to do; may be said again when more is known. */
  total(files: number, bytes: number): void;
  bytes(count: number): void;
  /** One more file is done. */
  file(): void;
  damaged(path: string): void;
}

export interface StartedJob<T> {
  readonly id: string;
  readonly done: Promise<T>;
}

/** What the user asked to be done to the files of models: how far it is, how it ended, and how to stop it. */
export interface Jobs {
  /**
   * Begins a job; the one before of the same kind for the same model is put away if it has ended.
   *
   * @param keep whether a good end is worth showing; a bad one always is.
   * @throws nothing; the work's own failure is `done`'s.
   */
  start<T>(
    kind: Job['kind'],
    model: string,
    work: (signal: AbortSignal, report: JobReport) => Promise<T>,
    keep?: boolean,
  ): StartedJob<T>;
  /** Whether a job of this kind for this model is under way. */
  isRunning(kind: Job['kind'], model: string): boolean;
  stop(id: string): boolean;
  /** Stops whatever is under way for a model that is about to be removed; what is left of its jobs is put away. */
  forget(model: string): void;
  dismiss(id: string): boolean;
  list(): Job[];
}

type Entry = { -readonly [K in keyof Job]: Job[K] } & { readonly abort: AbortController };

/** `onFault` hears of failures that are nobody's fault but ours. */
export function createJobs(onFault: (error: unknown) => void = () => {}): Jobs {
  const entries = new Map<string, Entry>();

  /** Room for one more: what ended longest ago goes first. */
  function makeRoom(): void {
    for (const [id, { state }] of entries) {
      if (entries.size < LIMITS.jobs) return;
      if (state !== 'running') entries.delete(id);
    }
  }

  function settle(entry: Entry, state: Job['state'], keep: boolean): void {
    entry.state = state;
    if (!keep) entries.delete(entry.id);
  }

  function fail(entry: Entry, error: unknown): void {
    if (entry.abort.signal.aborted) {
      settle(entry, 'stopped', true);
      return;
    }
    entry.error = toWireError(error);
    if (entry.error.code === 'internal') onFault(error);
    settle(entry, 'failed', true);
  }

  return {
    start(kind, model, work, keep = true) {
      for (const [id, old] of entries) {
        if (old.kind === kind && old.model === model && old.state !== 'running') entries.delete(id);
      }
      makeRoom();
      const entry: Entry = {
        id: randomToken(),
        kind,
        model,
        state: 'running',
        doneFiles: 0,
        totalFiles: 0,
        doneBytes: 0,
        totalBytes: 0,
        damagedFiles: 0,
        damaged: [],
        abort: new AbortController(),
      };
      entries.set(entry.id, entry);
      const done = work(entry.abort.signal, reportOf(entry));
      done.then(
        () => settle(entry, 'done', keep),
        (error: unknown) => fail(entry, error),
      );
      return { id: entry.id, done };
    },
    isRunning: (kind, model) =>
      [...entries.values()].some((entry) => entry.kind === kind && entry.model === model && entry.state === 'running'),
    stop(id) {
      const entry = entries.get(id);
      if (entry?.state !== 'running') return false;
      entry.abort.abort(new DOMException('The user stopped it.', 'AbortError'));
      return true;
    },
    forget(model) {
      for (const [id, entry] of entries) {
        if (entry.model !== model) continue;
        entry.abort.abort(new DOMException('The model is removed.', 'AbortError'));
        entries.delete(id);
      }
    },
    dismiss: (id) => entries.get(id)?.state !== 'running' && entries.delete(id),
    list: () => [...entries.values()].map(({ abort, ...job }) => ({ ...job, damaged: [...job.damaged] })),
  };
}

function reportOf(entry: Entry): JobReport {
  return {
    total(files, bytes) {
      entry.totalFiles = files;
      entry.totalBytes = bytes;
    },
    bytes(count) {
      entry.doneBytes = Math.min(entry.totalBytes, entry.doneBytes + count);
    },
    file() {
      entry.doneFiles += 1;
    },
    damaged(path) {
      entry.damagedFiles += 1;
      if (entry.damaged.length < LISTED_DAMAGE) entry.damaged = [...entry.damaged, path];
    },
  };
}
