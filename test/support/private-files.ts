import type { Page } from 'playwright';

/** All files of the model store in the extension's private file system, seen from one of its pages: path and size. */
export function storedFiles(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    async function walk(folder: FileSystemDirectoryHandle, prefix: string): Promise<void> {
      for await (const entry of folder.values()) {
        if (entry.kind === 'directory') await walk(entry, `${prefix}${entry.name}/`);
        else found.push(`${prefix}${entry.name} ${(await entry.getFile()).size}`);
      }
    }
    const root = await navigator.storage.getDirectory();
    await walk(await root.getDirectoryHandle('store', { create: true }), '');
    return found.sort();
  });
}

/** Changes one byte of the largest stored piece, as a failing disk does. */
export async function damageLargest(page: Page): Promise<void> {
  const [largest = ''] = (await storedFiles(page))
    .map((line) => line.split(' '))
    .sort((one, other) => Number(other[1]) - Number(one[1]))
    .map(([file]) => file);
  await page.evaluate(async (file) => {
    const names = file.split('/');
    const name = names.pop() ?? '';
    let folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('store');
    for (const inner of names) folder = await folder.getDirectoryHandle(inner);
    const handle = await folder.getFileHandle(name);
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    const stream = await handle.createWritable();
    await stream.write(bytes);
    await stream.close();
  }, largest);
}
