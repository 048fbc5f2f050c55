import { type ExtensionBrowser, isOffscreen } from './extension-browser.ts';

/**
 * Holds what the host does with a built-in function until the test lets it go, so that there is time to stop it: `read` is
 * the reading of files, `hash` the hashing of what was read.
 */
export async function holdHost(browser: ExtensionBrowser, what: 'read' | 'hash'): Promise<() => Promise<void>> {
  const host = await browser.targets.when(isOffscreen);
  const evaluate = (expression: string) => host.channel.send('Runtime.evaluate', { expression });
  await evaluate(HOLD[what]);
  return async () => void (await evaluate('globalThis.letGo()'));
}

const hold = (owner: string, name: string) => `(() => {
  const original = ${owner}.${name};
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  ${owner}.${name} = async function (...args) { await gate; return original.apply(this, args); };
  globalThis.letGo = () => { ${owner}.${name} = original; open(); };
})()`;

const HOLD = {
  read: hold('Blob.prototype', 'arrayBuffer'),
  hash: hold('SubtleCrypto.prototype', 'digest'),
} as const;
