import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { CaveatValues } from '../../src/protocol/grant.ts';
import { uiGrantUpdate } from '../../src/protocol/ui/ui-grant-update.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { allow, echoOf, infer, readChunk, startStream, streamOutcome } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

describe('work that ends by something else than its page', () => {
  const suite = useExtension();

  async function openRunning(name: string): Promise<Page> {
    const page = await suite.visit(name);
    await allow(suite.browser, page);
    await startStream(page, echoOf(2000));
    await readChunk(page);
    return page;
  }

  it('says disconnected when the host vanishes, and starts a new one for the next call', async () => {
    const page = await openRunning('vanishing');
    const { page: extensionPage } = await openUiClient(suite.browser);
    await extensionPage.evaluate(() => {
      const { chrome } = globalThis as unknown as { chrome: { offscreen: { closeDocument(): Promise<void> } } };
      return chrome.offscreen.closeDocument();
    });
    expect(await streamOutcome(page)).toMatchObject({ ok: false, code: 'disconnected' });
    expect(await infer(page, echoOf(2))).toMatchObject({ ok: true, value: { text: 'w0 w1' } });
  });

  it('says permission-expired when the grant runs out meanwhile, and tells the page', async () => {
    const page = await openRunning('expiring');
    await page.evaluate(() => {
      globalThis.changes = [];
      const { permissions } = window.webplat ?? {};
      if (permissions) permissions.onchange = () => globalThis.changes?.push(Date.now());
    });
    const ui = await openUiClient(suite.browser);
    const { sites } = await ui.call(uiState, {});
    const grant = sites.find(({ subject }) => subject.invoker.includes('expiring'))?.grants[0];
    if (!grant) throw new Error('The site has no grant.');
    const caveats = Object.fromEntries(grant.caveats.map(({ type, value }) => [type, value])) as CaveatValues;
    await ui.call(uiGrantUpdate, { id: grant.id, caveats: { ...caveats, expiry: Date.now() + 1_500 } });
    expect(await streamOutcome(page)).toMatchObject({ ok: false, code: 'permission-expired' });
    // Once for the edit, once for the end.
    await expect.poll(() => page.evaluate(() => globalThis.changes?.length)).toBe(2);
    expect(await page.evaluate(() => window.webplat?.permissions.query())).toEqual([]);
  });
});
