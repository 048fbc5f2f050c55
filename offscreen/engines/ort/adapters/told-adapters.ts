import type { ModelFiles, ModelManifest } from '../../../store/manifest.ts';
import type { ToWorker } from '../messages.ts';

/** The number by which a worker knows an adapter; the first time, the worker is told of it. */
export type AdapterOf = (manifest: ModelManifest, files: () => ModelFiles) => number;

/** Adapters that a worker was told of, by their content. */
export function createToldAdapters(worker: Pick<Worker, 'postMessage'>): {
  readonly adapterOf: AdapterOf;
  filesOf(adapter: number): ModelFiles | undefined;
} {
  const known = new Map<string, number>();
  const told: ModelFiles[] = [];
  return {
    adapterOf({ contentHash, files }, open) {
      const before = known.get(contentHash);
      if (before !== undefined) return before;
      const adapter = told.length;
      told.push(open());
      known.set(contentHash, adapter);
      const list = files.map(({ path, bytes }) => ({ path, bytes }));
      worker.postMessage({ kind: 'adapter', adapter, files: list } satisfies ToWorker);
      return adapter;
    },
    filesOf: (adapter) => told[adapter],
  };
}
