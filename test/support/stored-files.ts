import type { Page } from 'playwright';

/** A file of the extension's private file system. */
export interface StoredEntry {
  readonly path: string;
  readonly bytes: number;
  readonly lastModified: number;
}

/** Everything in the extension's private file system, as a page of the extension sees it; sorted by path. */
export function storedEntries(page: Page): Promise<readonly StoredEntry[]> {
  return page.evaluate(async () => {
    const found: { path: string; bytes: number; lastModified: number }[] = [];
    const walk = async (folder: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
      const { values } = folder as unknown as { values(): AsyncIterable<FileSystemHandle> };
      for await (const entry of values.call(folder)) {
        const path = `${prefix}${entry.name}`;
        if (entry.kind === 'directory') await walk(entry as FileSystemDirectoryHandle, `${path}/`);
        else {
          // A file may be replaced between the listing and a look at it.
          const file = await (entry as FileSystemFileHandle).getFile().catch(() => undefined);
          if (file) found.push({ path, bytes: file.size, lastModified: file.lastModified });
        }
      }
    };
    await walk(await navigator.storage.getDirectory(), '');
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  });
}

/** Settles when so many parts of a conversion are finished and another one is in work; looks as often as it can. */
export function whenConverting(page: Page, finishedParts: number): Promise<void> {
  return page.evaluate(async (goal) => {
    const namesOf = async (folder: FileSystemDirectoryHandle): Promise<string[]> => {
      const names: string[] = [];
      const { keys } = folder as unknown as { keys(): AsyncIterable<string> };
      for await (const name of keys.call(folder)) names.push(name);
      return names;
    };
    const files = await navigator.storage.getDirectory();
    for (;;) {
      const artifacts = await files.getDirectoryHandle('artifacts').catch(() => undefined);
      for (const key of artifacts ? await namesOf(artifacts) : []) {
        const folder = await artifacts?.getDirectoryHandle(key);
        const names = folder ? await namesOf(folder) : [];
        const finished = names.filter((name) => name.endsWith('.bin.json')).length;
        if (finished >= goal && names.filter((name) => name.endsWith('.bin')).length > finished) return;
      }
      await new Promise((next) => setTimeout(next, 2));
    }
  }, finishedParts);
}

/** The text of one of them; undefined where there is none. */
export function storedText(page: Page, path: string): Promise<string | undefined> {
  return page.evaluate(async (asked) => {
    try {
      const names = asked.split('/');
      let folder = await navigator.storage.getDirectory();
      for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
      return await (await (await folder.getFileHandle(names.at(-1) ?? '')).getFile()).text();
    } catch {
      return undefined;
    }
  }, path);
}
