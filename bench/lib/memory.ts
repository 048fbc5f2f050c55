import { readFile } from 'node:fs/promises';
import type { ExtensionBrowser } from '../../test/support/extension-browser.ts';

/**
 * Bytes that all processes of the browser take: the sum of their proportional set sizes (shared pages counted once, split
 * among those who share them), as Linux tells in `smaps_rollup`. Garbage is collected before in every context but workers:
 * those of a WebAssembly module wait for work and answer nobody.
 */
export async function browserBytes(browser: ExtensionBrowser): Promise<number> {
  return Object.values(await browserBytesByKind(browser)).reduce((sum, bytes) => sum + bytes, 0);
}

/** The same for each kind of process, as Chromium calls it, e.g. `GPU` or `renderer`. */
export async function browserBytesByKind(browser: ExtensionBrowser): Promise<Readonly<Record<string, number>>> {
  const contexts = browser.targets.all().filter(({ type }) => type !== 'worker');
  await Promise.all(contexts.map(({ channel }) => channel.send('HeapProfiler.collectGarbage').catch(() => {})));
  const { processInfo } = (await browser.cdp.send('SystemInfo.getProcessInfo')) as {
    processInfo: readonly { readonly id: number; readonly type: string }[];
  };
  const kinds: Record<string, number> = {};
  for (const { id, type } of processInfo) kinds[type] = (kinds[type] ?? 0) + (await proportionalBytes(id));
  return kinds;
}

async function proportionalBytes(pid: number): Promise<number> {
  // A process may end between the listing and the reading.
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}
