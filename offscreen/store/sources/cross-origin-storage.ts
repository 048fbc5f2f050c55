import { localSource } from '../local-source.ts';
import type { LocalSource } from '../transfer/source.ts';

/**
 * The part of the Cross-Origin Storage proposal (https://github.com/WICG/cross-origin-storage) that is used: files by their hash,
 * whoever brought them into the browser. No browser has it by default yet.
 */
interface CrossOriginStorage {
  requestFileHandle(hash: { readonly algorithm: 'SHA-256'; readonly value: string }): Promise<FileSystemFileHandle>;
}

/**
 * A file that the browser has already, as a source like any other: what comes out of it is hashed here all the same. Undefined where
 * the browser has no such storage, no such file, or one of another length.
 */
export async function findInBrowser(sha256: string, bytes: number): Promise<LocalSource | undefined> {
  const { crossOriginStorage } = (globalThis.navigator ?? {}) as { readonly crossOriginStorage?: CrossOriginStorage };
  try {
    const handle = await crossOriginStorage?.requestFileHandle({ algorithm: 'SHA-256', value: sha256 });
    const file = await handle?.getFile();
    return file?.size === bytes ? localSource(file) : undefined;
  } catch {
    // Not there, or the user does not want it to be looked for.
    return undefined;
  }
}
