import { openPrivateFiles } from './files.ts';

/** The folder in the private file system that the model store has to itself; undefined where there is none. */
export async function openStoreFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await (await openPrivateFiles())?.getDirectoryHandle('store', { create: true });
  } catch {
    return undefined;
  }
}
