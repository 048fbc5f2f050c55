import { randomToken } from '../../src/shared/ids.ts';
import { writeWhole } from './files.ts';

/**
 * Bytes of a piece of a stored file. Each is a file of its own: written once, whole or not at all, readable while others
 * still arrive, and all that an interruption can cost.
 */
export const CHUNK_BYTES = 8 * 2 ** 20;

/** Where a file's bytes lie: `FOLDER/ID/N` holds chunk N. */
export interface ChunkedFile {
  readonly id: string;
  readonly bytes: number;
}

const FOLDER = 'data';

export const chunkCount = (bytes: number): number => Math.ceil(bytes / CHUNK_BYTES);

/** Bytes of chunk `index` of a file of `bytes`. */
export const chunkSize = (bytes: number, index: number): number => Math.min(CHUNK_BYTES, bytes - index * CHUNK_BYTES);

/** Files in pieces below the store's folder. A chunk that has its whole size is complete. */
export interface ChunkedFiles {
  /** Makes a file without a chunk. */
  create(bytes: number): ChunkedFile;
  /** Which chunks are complete; everything else of the file is removed. */
  complete(file: ChunkedFile): Promise<Set<number>>;
  write(file: ChunkedFile, index: number, content: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The chunk, or undefined while it is not complete. */
  chunk(file: ChunkedFile, index: number): Promise<File | undefined>;
  /** The whole as one blob that is read from disk piece by piece; undefined while a chunk is missing. */
  blob(file: ChunkedFile): Promise<Blob | undefined>;
  dropChunks(file: ChunkedFile, indexes: Iterable<number>): Promise<void>;
  remove(id: string): Promise<void>;
  ids(): Promise<string[]>;
}

/** `root` is the store's folder in the private file system. */
export function createChunkedFiles(root: FileSystemDirectoryHandle): ChunkedFiles {
  const data = () => root.getDirectoryHandle(FOLDER, { create: true });
  const folderOf = async (id: string, create = false) => (await data()).getDirectoryHandle(id, { create });

  async function chunk(file: ChunkedFile, index: number): Promise<File | undefined> {
    try {
      const found = await (await (await folderOf(file.id)).getFileHandle(String(index))).getFile();
      return found.size === chunkSize(file.bytes, index) ? found : undefined;
    } catch {
      return undefined;
    }
  }

  return {
    create: (bytes) => ({ id: randomToken(), bytes }),
    chunk,
    async complete(file) {
      const folder = await folderOf(file.id).catch(() => undefined);
      const found = new Set<number>();
      if (!folder) return found;
      for (const name of await namesIn(folder)) {
        const index = /^\d+$/.test(name) ? Number(name) : -1;
        if (index >= 0 && index < chunkCount(file.bytes) && (await chunk(file, index))) found.add(index);
        else await folder.removeEntry(name, { recursive: true }).catch(() => {});
      }
      return found;
    },
    async write(file, index, content) {
      if (content.byteLength !== chunkSize(file.bytes, index)) throw new RangeError('A chunk has another size.');
      await writeWhole(await folderOf(file.id, true), String(index), content);
    },
    async blob(file) {
      const chunks = await Promise.all(
        Array.from({ length: chunkCount(file.bytes) }, (_, index) => chunk(file, index)),
      );
      return chunks.every((part) => part !== undefined) ? new Blob(chunks) : undefined;
    },
    async dropChunks(file, indexes) {
      const folder = await folderOf(file.id).catch(() => undefined);
      for (const index of indexes) await folder?.removeEntry(String(index)).catch(() => {});
    },
    async remove(id) {
      await (await data()).removeEntry(id, { recursive: true }).catch(() => {});
    },
    ids: async () => namesIn(await data()),
  };
}

/** Names of what lies in a folder. */
export async function namesIn(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}
