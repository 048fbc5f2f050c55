import type { Download } from '../../src/protocol/store.ts';

/** How far downloads are, by model; and which of them the user can stop. */
export interface Downloads {
  /** Notes how much of a model is there; called as bytes arrive. */
  note(name: string, presentBytes: number, totalBytes: number): void;
  /** Runs a download that the user asked for; a second one of the same model joins it. */
  run(name: string, work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  cancel(name: string): boolean;
  list(): Download[];
}

interface Entry {
  presentBytes: number;
  totalBytes: number;
  /** Moments and bytes of the last seconds. */
  readonly samples: { at: number; bytes: number }[];
  error?: string;
}

const WINDOW_MS = 5_000;

export function createDownloads(now: () => number): Downloads {
  const entries = new Map<string, Entry>();
  const running = new Map<string, { readonly done: Promise<void>; readonly abort: AbortController }>();

  function note(name: string, presentBytes: number, totalBytes: number): void {
    const entry = entries.get(name) ?? { presentBytes, totalBytes, samples: [] };
    entries.set(name, entry);
    entry.samples.push({ at: now(), bytes: presentBytes });
    while ((entry.samples[0]?.at ?? 0) < now() - WINDOW_MS) entry.samples.shift();
    entry.presentBytes = presentBytes;
    entry.totalBytes = totalBytes;
    delete entry.error;
    if (presentBytes >= totalBytes) entries.delete(name);
  }

  return {
    note,
    async run(name, work) {
      const known = running.get(name);
      if (known) return known.done;
      const abort = new AbortController();
      const done = work(abort.signal);
      running.set(name, { done, abort });
      try {
        await done;
        entries.delete(name);
      } catch (error) {
        const entry = entries.get(name) ?? { presentBytes: 0, totalBytes: 0, samples: [] };
        if (abort.signal.aborted) entries.delete(name);
        else
          entries.set(name, { ...entry, samples: [], error: error instanceof Error ? error.message : String(error) });
        throw error;
      } finally {
        running.delete(name);
      }
    },
    cancel(name) {
      entries.delete(name);
      const known = running.get(name);
      known?.abort.abort(new DOMException('The download was stopped.', 'AbortError'));
      return known !== undefined;
    },
    list: () =>
      [...entries].map(([name, { presentBytes, totalBytes, samples, error }]) => {
        const [first] = samples;
        const last = samples.at(-1);
        const ms = first && last ? last.at - first.at : 0;
        const bytesPerS = first && last && ms > 0 ? Math.round(((last.bytes - first.bytes) / ms) * 1000) : 0;
        return { name, presentBytes, totalBytes, bytesPerS: Math.max(0, bytesPerS), ...(error && { error }) };
      }),
  };
}
