import { WebplatError } from '../../../../src/protocol/errors.ts';
import type { ModelFiles, ModelManifest } from '../../../store/manifest.ts';
import type { ToWorker } from '../messages.ts';

/** Opens the files of an adapter; the signal ends the bringing of them. */
export type OpenAdapterFiles = (signal: AbortSignal) => ModelFiles;

/** Adapters that a worker was told of, by the numbers that it knows them by. */
export interface ToldAdapters {
  /** The number of an adapter; the first time, the worker is told of it. */
  adapterOf(manifest: ModelManifest, open: OpenAdapterFiles): number;
  filesOf(adapter: number): ModelFiles | undefined;
  /**
   * Notes that a request with an adapter began; to be called with whether it went well when it ended. What nobody waits for any more, and
   * was never ready, is not brought any further.
   */
  begin(adapter: number): (succeeded: boolean) => void;
}

interface Told {
  readonly contentHash: string;
  readonly files: ModelFiles;
  readonly abort: AbortController;
  requests: number;
  isReady: boolean;
}

export function createToldAdapters(worker: Pick<Worker, 'postMessage'>): ToldAdapters {
  const known = new Map<string, number>();
  const told: Told[] = [];
  return {
    adapterOf({ contentHash, files }, open) {
      const before = known.get(contentHash);
      if (before !== undefined) return before;
      const adapter = told.length;
      const abort = new AbortController();
      told.push({ contentHash, files: open(abort.signal), abort, requests: 0, isReady: false });
      known.set(contentHash, adapter);
      const list = files.map(({ path, bytes }) => ({ path, bytes }));
      worker.postMessage({ kind: 'adapter', adapter, files: list } satisfies ToWorker);
      return adapter;
    },
    filesOf: (adapter) => told[adapter]?.files,
    begin(adapter) {
      const one = told[adapter];
      if (one) one.requests += 1;
      return (succeeded) => {
        if (!one) return;
        one.requests -= 1;
        one.isReady ||= succeeded;
        if (one.requests > 0 || one.isReady) return;
        // Whoever comes next begins with another number: the worker may still hear of this one.
        if (known.get(one.contentHash) === adapter) known.delete(one.contentHash);
        one.abort.abort(new WebplatError('aborted'));
      };
    },
  };
}
