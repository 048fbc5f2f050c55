import { WebplatError } from '../../src/protocol/errors.ts';
import type { DownloadSettings } from '../../src/protocol/settings.ts';
import { artifactBytes, removeArtifacts } from './artifacts.ts';
import type { FileStore } from './file-store.ts';
import { compiledHash, type ModelRecord } from './model-record.ts';
import type { ModelStore } from './model-store.ts';

export interface DiskEnvironment {
  /** The private file system, where compiled models lie beside the store. */
  readonly root: FileSystemDirectoryHandle;
  readonly fileStore: FileStore;
  readonly models: () => Pick<ModelStore, 'records' | 'forget'>;
  readonly settings: () => DownloadSettings;
  /** Models that are in memory or being loaded must stay. */
  readonly isInUse: (contentHash: string) => boolean;
  /** What the browser says of the disk; replaced in tests. */
  readonly estimate?: () => Promise<{ quota?: number; usage?: number }>;
}

export interface DiskUse {
  /** Of files, complete or not. */
  readonly filesBytes: number;
  /** Of what was compiled from them. */
  readonly artifactsBytes: number;
  /** What the browser would still give; undefined where it does not say. */
  readonly freeBytes: number | undefined;
}

/** What room is made for. */
export interface RoomNeed {
  /** Bytes that are still to come. */
  readonly bytes: number;
  /** Bytes of the files that they belong to, whether or not some of them are here: those will be compiled. */
  readonly checkpointBytes: number;
}

/** Keeps the store within its budget and the reserve of the disk free. */
export interface Disk {
  use(): Promise<DiskUse>;
  /**
   * Removes the least recently used models that nobody needs until `need` fits; never the one called `keep`.
   *
   * @throws WebplatError `storage-full`
   */
  makeRoom(need: RoomNeed, keep: string): Promise<void>;
  /** Removes a model with all that was made of it. */
  remove(record: ModelRecord): Promise<void>;
}

/** What a checkpoint becomes takes about this much of its size again. */
const COMPILED_PER_STORED = 0.4;

export function createDisk(environment: DiskEnvironment): Disk {
  const { root, fileStore, models, settings, isInUse } = environment;
  const estimate = environment.estimate ?? (() => navigator.storage.estimate());

  async function use(): Promise<DiskUse> {
    const [stored, partial, artifactsBytes, { quota, usage }] = await Promise.all([
      fileStore.stored(),
      fileStore.partialBytes(),
      artifactBytes(root),
      estimate().catch((): { quota?: number; usage?: number } => ({})),
    ]);
    const complete = [...stored.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const filesBytes = [...partial.values()].reduce((sum, bytes) => sum + bytes, complete);
    const freeBytes = quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage);
    return { filesBytes, artifactsBytes, freeBytes };
  }

  /** Bytes that are too many for the budget or the reserve; 0 when all is well. */
  async function excess(bytes: number): Promise<number> {
    const { filesBytes, artifactsBytes, freeBytes } = await use();
    const { diskBudgetBytes, diskReserveBytes } = settings();
    const over = filesBytes + artifactsBytes + bytes - diskBudgetBytes;
    const short = freeBytes === undefined ? 0 : bytes + diskReserveBytes - freeBytes;
    return Math.max(0, over, short);
  }

  async function sizeOf(record: ModelRecord): Promise<number> {
    const stored = await Promise.all(
      record.files.map(async ({ bytes, sha256 }) => (sha256 && (await fileStore.find(sha256)) ? bytes : 0)),
    );
    return stored.reduce((sum, bytes) => sum + bytes, await artifactBytes(root, compiledHash(record)));
  }

  async function remove(record: ModelRecord): Promise<void> {
    const others = (await models().records('complete')).some(
      (other) => compiledHash(other) === compiledHash(record) && other.card.name !== record.card.name,
    );
    // The record goes last: what it does not name any more nobody would find and remove.
    if (!others) await removeArtifacts(root, compiledHash(record));
    await models().forget(record.card.name);
  }

  return {
    use,
    remove,
    async makeRoom({ bytes, checkpointBytes }, keep) {
      if (bytes === 0) return;
      const needed = Math.ceil(bytes + checkpointBytes * COMPILED_PER_STORED);
      if ((await excess(needed)) === 0) return;
      const idle = (await models().records())
        .filter(({ card, pinned, contentHash }) => !pinned && card.name !== keep && !isInUse(contentHash))
        .sort((a, b) => Math.min(a.sites.length, 1) - Math.min(b.sites.length, 1) || a.lastUsedAt - b.lastUsedAt);
      const sizes = await Promise.all(idle.map(sizeOf));
      // Nothing is removed for a model that would not fit all the same.
      if (sizes.reduce((sum, size) => sum + size, 0) >= (await excess(needed))) {
        for (const record of idle) {
          await remove(record);
          if ((await excess(needed)) === 0) return;
        }
      }
      throw new WebplatError('storage-full', undefined, { requested: needed, quota: settings().diskBudgetBytes });
    },
  };
}
