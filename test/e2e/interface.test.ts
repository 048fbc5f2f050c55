import { describe, expect, it } from 'vitest';
import type { CaveatValues } from '../../src/protocol/grant.ts';
import { uiGrantUpdate } from '../../src/protocol/ui/ui-grant-update.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { uiStop } from '../../src/protocol/ui/ui-stop.ts';
import { uiTab } from '../../src/protocol/ui/ui-tab.ts';
import {
  allow,
  echoOf,
  infer,
  queryPermission,
  readChunk,
  startStream,
  streamOutcome,
} from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

describe('what the user does in the interface', () => {
  const suite = useExtension();

  it('a lowered limit counts from the next request on', async () => {
    const page = await suite.visit('limited');
    await allow(suite.browser, page);
    expect(await infer(page, echoOf(9))).toMatchObject({ ok: true });
    const ui = await openUiClient(suite.browser);
    const { sites } = await ui.call(uiState, {});
    const grant = sites.find(({ subject }) => subject.invoker === suite.sites.origin('limited'))?.grants[0];
    if (!grant) throw new Error('The manager does not know the grant.');
    const caveats = Object.fromEntries(grant.caveats.map(({ type, value }) => [type, value])) as CaveatValues;
    expect(await ui.call(uiGrantUpdate, { id: grant.id, caveats: { ...caveats, maxTokens: 4 } })).toEqual({
      updated: true,
    });
    expect(await infer(page, echoOf(9))).toMatchObject({ ok: false, code: 'limit-tokens' });
    expect(await infer(page, echoOf(4))).toMatchObject({ ok: true });
  });

  it('counts what a site used', async () => {
    const page = await suite.visit('counted');
    await allow(suite.browser, page);
    for (let call = 0; call < 3; call++) await infer(page, echoOf(5));
    const ui = await openUiClient(suite.browser);
    const own = async () =>
      (await ui.call(uiState, {})).sites.find(({ subject }) => subject.invoker === suite.sites.origin('counted'));
    await expect.poll(async () => (await own())?.calls).toBe(3);
    expect(await own()).toMatchObject({ tokens: 15, sessions: 1 });
  });

  it('stop ends the running work and leaves the permission', async () => {
    const page = await suite.visit('stopped');
    await allow(suite.browser, page, { limits: { maxTokens: 32_768 } });
    const ui = await openUiClient(suite.browser);
    await startStream(page, echoOf(32_768));
    await readChunk(page);
    const origin = suite.sites.origin('stopped');
    expect(await ui.call(uiStop, { subject: { invoker: origin, topOrigin: origin } })).toEqual({ aborted: 1 });
    expect(await streamOutcome(page)).toMatchObject({ ok: false, code: 'stopped', name: 'AbortError' });
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
  });

  it('the popup knows the sites of its tab', async () => {
    const page = await suite.visit('tabbed');
    await allow(suite.browser, page);
    await infer(page, echoOf(1));
    const ui = await openUiClient(suite.browser);
    const tabId = await ui.page.evaluate(async (url) => {
      interface Tab {
        readonly id: number;
        readonly url?: string;
      }
      const { chrome } = globalThis as unknown as { chrome: { tabs: { query(filter: object): Promise<Tab[]> } } };
      // Without the permission `tabs` only ids are seen: the site's tab is the one opened right before this page.
      const tabs = await chrome.tabs.query({});
      return tabs.find((tab) => tab.url === url)?.id ?? tabs.at(-2)?.id ?? -1;
    }, page.url());
    const { sites } = await ui.call(uiTab, { tabId, origin: suite.sites.origin('tabbed') });
    expect(sites.map(({ subject }) => subject.invoker)).toContain(suite.sites.origin('tabbed'));
  });

  it('the manager stops and revokes by a click', async () => {
    const page = await suite.visit('managed');
    await allow(suite.browser, page, { limits: { maxTokens: 32_768 } });
    await startStream(page, echoOf(32_768));
    await readChunk(page);
    const manager = await suite.browser.open(suite.browser.url('src/ui/manager/index.html'));
    await manager.getByRole('button', { name: /^Stop http:\/\/managed\.localhost/ }).click();
    expect(await streamOutcome(page)).toMatchObject({ ok: false, code: 'stopped' });
    await startStream(page, echoOf(32_768));
    await readChunk(page);
    await manager.getByRole('button', { name: /^Revoke http:\/\/managed\.localhost/ }).click();
    expect(await streamOutcome(page)).toMatchObject({ ok: false, code: 'permission-revoked' });
    await expect.poll(() => queryPermission(page)).toEqual([]);
  });
});
