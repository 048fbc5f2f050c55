import { WebplatError } from '../../src/protocol/errors.ts';

/** The origin's private file system, or undefined where the browser or its mode has none. */
export async function openPrivateFiles(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await navigator.storage.getDirectory();
  } catch {
    return undefined;
  }
}

/** What several writes at once may take, which give it back when they fail. */
const WRITES_BYTES = 64 * 2 ** 20;

/**
 * Whether the disk is full, after a write failed. Chromium says so only where it finds out while it takes the content over; where
 * the disk was full first, it speaks of a pipe that broke.
 */
async function isDiskFull(storage: Pick<StorageManager, 'estimate'> | undefined): Promise<boolean> {
  const { quota, usage } = (await storage?.estimate().catch(() => undefined)) ?? {};
  return quota !== undefined && usage !== undefined && quota - usage < WRITES_BYTES;
}

/**
 * Writes a file as a whole: what was there before stays until all of it is on disk.
 *
 * @throws a `QuotaExceededError` where the disk is full.
 */
export async function writeWhole(
  folder: FileSystemDirectoryHandle,
  name: string,
  content: Uint8Array<ArrayBuffer> | string | Blob,
  storage: Pick<StorageManager, 'estimate'> | undefined = globalThis.navigator?.storage,
): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  try {
    await stream.write(content);
    await stream.close();
  } catch (error) {
    const full = await isDiskFull(storage);
    await stream.abort().catch(() => {});
    throw full ? new DOMException('', 'QuotaExceededError') : error;
  }
}

/** No room on disk as what users and pages are told; everything else as it is. */
export function asStorageError(error: unknown): unknown {
  return error instanceof DOMException && error.name === 'QuotaExceededError'
    ? new WebplatError('storage-full')
    : error;
}

/** The JSON in a file; throws when there is none. */
export async function readJsonFile(folder: FileSystemDirectoryHandle, name: string): Promise<unknown> {
  const file = await (await folder.getFileHandle(name)).getFile();
  return JSON.parse(await file.text());
}

/** A file that is read and written in place; the compiler's DOM library knows it in workers only, where it exists. */
export interface InPlaceFile {
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(bytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

/** A worker that was ended still holds its files for a moment. */
const LOCKED_TRIES = 20;
const LOCKED_PAUSE_MS = 100;

/**
 * Opens a file to be written in place, which nobody else may do meanwhile.
 *
 * @throws a `NoModificationAllowedError` where somebody else writes it for longer than a moment, or the browser allows it to
 * nobody; a `QuotaExceededError` in place of it where the disk is full, since nothing tells then which of the two it is.
 */
export async function openInPlace(
  handle: FileSystemFileHandle,
  storage: Pick<StorageManager, 'estimate'> | undefined = globalThis.navigator?.storage,
): Promise<InPlaceFile> {
  const file = handle as FileSystemFileHandle & { createSyncAccessHandle(): Promise<InPlaceFile> };
  for (let tries = 1; ; tries += 1) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      const locked = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!locked) throw error;
      if (tries === LOCKED_TRIES)
        throw (await isDiskFull(storage)) ? new DOMException('', 'QuotaExceededError') : error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOCKED_PAUSE_MS));
  }
}
