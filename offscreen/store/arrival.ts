import { abortable } from '../../src/shared/abort.ts';
import { type ChunkedFile, chunkCount } from './chunked-files.ts';

/** What is on disk of a file on its way, and who waits for more of it. */
export function createArrival(file: ChunkedFile) {
  const present = new Set<number>();
  const waiting = new Map<number, { resolve(): void; reject(error: unknown): void }[]>();
  const listeners = new Set<() => void>();
  let bytes = 0;
  /** Bytes that arrived of chunks that are not whole yet. */
  let loose = 0;
  let failure: { readonly error: unknown } | undefined;
  let want = (_indexes: readonly number[]) => {};

  return {
    arrived(index: number, size: number): void {
      if (present.has(index)) return;
      present.add(index);
      bytes += size;
      loose = Math.max(0, loose - size);
      for (const { resolve } of waiting.get(index) ?? []) resolve();
      waiting.delete(index);
    },
    /** Chunks that turned out to be wrong are not there any more. */
    reset(): void {
      present.clear();
      bytes = 0;
      loose = 0;
    },
    fail(error: unknown): void {
      failure = { error };
      for (const list of waiting.values()) for (const { reject } of list) reject(error);
      waiting.clear();
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
        if (present.has(index)) return Promise.resolve();
        if (failure) return Promise.reject(failure.error);
        if (index >= chunkCount(file.bytes)) return Promise.reject(new RangeError('There is no such chunk.'));
        const there = new Promise<void>((resolve, reject) => {
          waiting.set(index, [...(waiting.get(index) ?? []), { resolve, reject }]);
        });
        want([index]);
        return abortable(there, signal);
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
