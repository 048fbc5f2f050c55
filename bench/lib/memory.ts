import { readFile } from 'node:fs/promises';
import type { ExtensionBrowser } from '../../test/support/extension-browser.ts';

/**
 * Bytes that all processes of the browser take: the sum of their proportional set sizes (shared pages counted once, split
 * among those who share them), as Linux tells in `smaps_rollup`. Garbage is collected in every context before.
 */
export async function browserBytes(browser: ExtensionBrowser): Promise<number> {
  for (const { channel } of browser.targets.all()) await channel.send('HeapProfiler.collectGarbage').catch(() => {});
  const { processInfo } = (await browser.cdp.send('SystemInfo.getProcessInfo')) as {
    processInfo: readonly { readonly id: number }[];
  };
  const sizes = await Promise.all(processInfo.map(({ id }) => proportionalBytes(id)));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function proportionalBytes(pid: number): Promise<number> {
  // A process may end between the listing and the reading.
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}
