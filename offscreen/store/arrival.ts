import { WebplatError } from '../../src/protocol/errors.ts';
import { abortable } from '../../src/shared/abort.ts';
import { type ChunkedFile, chunkCount } from './chunked-files.ts';

/** Told to those who read a file that turned out to be wrong, and was brought anew from elsewhere since. */
export const replacedError = (): WebplatError =>
  new WebplatError('download-failed', undefined, { reason: 'What came first was not the file; it was brought anew.' });

/** What is on disk of a file on its way, and who waits for more of it. */
export function createArrival(file: ChunkedFile) {
  const present = new Set<number>();
  const waiting = new Map<number, { resolve(): void; reject(error: unknown): void }[]>();
  const listeners = new Set<() => void>();
  let current = file;
  let replaced = false;
  let bytes = 0;
  /** Bytes that arrived of chunks that are not whole yet. */
  let loose = 0;
  let failure: { readonly error: unknown } | undefined;
  let want = (_indexes: readonly number[]) => {};

  function refuseAll(error: unknown): void {
    for (const list of waiting.values()) for (const { reject } of list) reject(error);
    waiting.clear();
  }

  return {
    arrived(index: number, size: number): void {
      if (present.has(index)) return;
      present.add(index);
      bytes += size;
      loose = Math.max(0, loose - size);
      for (const { resolve } of waiting.get(index) ?? []) resolve();
      waiting.delete(index);
    },
    /** Chunks that turned out to be wrong are not there any more, and whoever read one of them has to begin again. */
    replace(by: ChunkedFile): void {
      present.clear();
      bytes = 0;
      loose = 0;
      current = by;
      replaced = true;
      refuseAll(replacedError());
    },
    fail(error: unknown): void {
      failure = { error };
      refuseAll(error);
    },
    heard(size: number): void {
      loose += size;
      for (const listener of listeners) listener();
    },
    lost(size: number): void {
      loose = Math.max(0, loose - size);
    },
    onWant(listener: (indexes: readonly number[]) => void): void {
      want = listener;
      want([...waiting.keys()]);
    },
    job: {
      chunk(index: number, signal: AbortSignal): Promise<void> {
        if (replaced) return Promise.reject(replacedError());
        if (present.has(index)) return Promise.resolve();
        if (failure) return Promise.reject(failure.error);
        if (index >= chunkCount(file.bytes)) return Promise.reject(new RangeError('There is no such chunk.'));
        const there = new Promise<void>((resolve, reject) => {
          waiting.set(index, [...(waiting.get(index) ?? []), { resolve, reject }]);
        });
        want([index]);
        return abortable(there, signal);
      },
      get file() {
        return current;
      },
      get replaced() {
        return replaced;
      },
      get presentBytes() {
        return bytes;
      },
      get arrivedBytes() {
        return Math.min(file.bytes, bytes + loose);
      },
      watch(listener: () => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  };
}

export type Arrival = ReturnType<typeof createArrival>;
