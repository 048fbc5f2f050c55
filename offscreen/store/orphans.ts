import type { FileStore } from './file-store.ts';
import type { ModelStore } from './model-store.ts';

/**
 * Removes files that no model has: what is left of an import that a crash ended. To be done before anything can add files,
 * because a model is noted after the first of its files.
 *
 * @throws where a record cannot be read now: nobody knows then which files it names, and nothing is removed.
 */
export async function dropOrphans(
  models: Pick<ModelStore, 'records'>,
  fileStore: Pick<FileStore, 'stored' | 'remove'>,
): Promise<void> {
  const needed = new Set((await models.records('complete')).flatMap(({ files }) => files.map(({ sha256 }) => sha256)));
  for (const sha256 of (await fileStore.stored()).keys()) if (!needed.has(sha256)) await fileStore.remove(sha256);
}
