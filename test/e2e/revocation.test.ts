import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { uiGrantRevoke } from '../../src/protocol/ui/ui-grant-revoke.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
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

describe('revocation', () => {
  const suite = useExtension();

  /** Opens a stream that stays open, and notes when the page hears of a change. How soon it ends is `bench/revocation`'s. */
  async function openRunning(name: string): Promise<Page> {
    const page = await suite.visit(name);
    await allow(suite.browser, page);
    await startStream(page, echoOf(2000));
    await readChunk(page);
    await page.evaluate(() => {
      globalThis.changes = [];
      const { permissions } = window.webplat ?? {};
      if (permissions) permissions.onchange = () => globalThis.changes?.push(Date.now());
    });
    return page;
  }

  it('by the user ends running work and tells the page', async () => {
    const page = await openRunning('running');
    const ui = await openUiClient(suite.browser);
    const { sites } = await ui.call(uiState, {});
    const ids = sites
      .filter(({ subject }) => subject.invoker.includes('running'))
      .flatMap(({ grants }) => grants.map(({ id }) => id));
    expect(await ui.call(uiGrantRevoke, { all: false, ids })).toEqual({ revoked: 1 });
    expect(await streamOutcome(page)).toMatchObject({ ok: false, code: 'permission-revoked', name: 'NotAllowedError' });
    await expect.poll(() => page.evaluate(() => globalThis.changes?.length)).toBe(1);
    expect(await queryPermission(page)).toEqual([]);
  });

  it('by the page ends its own running work', async () => {
    const page = await openRunning('own');
    expect(await page.evaluate(() => window.webplat?.permissions.revoke())).toBe(1);
    expect(await streamOutcome(page)).toMatchObject({ ok: false, code: 'permission-revoked' });
  });

  it('of everything reaches every site, and only revoked work ends', async () => {
    const pages = [await openRunning('left'), await openRunning('right')];
    const ui = await openUiClient(suite.browser);
    await ui.call(uiGrantRevoke, { all: true });
    for (const page of pages) expect(await streamOutcome(page)).toMatchObject({ code: 'permission-revoked' });
  });

  it('of one site leaves the others alone', async () => {
    const kept = await openRunning('kept');
    const gone = await openRunning('gone');
    await gone.evaluate(() => window.webplat?.permissions.revoke());
    expect(await streamOutcome(gone)).toMatchObject({ code: 'permission-revoked' });
    expect(await readChunk(kept)).toEqual(expect.any(String));
    expect(await infer(kept, echoOf(1))).toMatchObject({ ok: true });
  });
});
