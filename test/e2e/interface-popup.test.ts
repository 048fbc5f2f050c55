import { describe, expect, it } from 'vitest';
import { endsOf, keepBusy, openBusy } from '../support/busy-page.ts';
import { allow, echoOf, infer, queryPermission } from '../support/page-client.ts';
import { openPopup, TOOLBAR_ARGS } from '../support/popup.ts';
import { useExtension } from '../support/suite.ts';

/** The popup looks for news every two seconds, or every second while something runs. */
const NEWS = { timeout: 10_000 };

describe('what the user clicks in the popup', () => {
  const suite = useExtension({ args: TOOLBAR_ARGS });

  it('stops and revokes the site of the tab while it works', async () => {
    const page = await openBusy(suite, 'popped');
    const origin = suite.sites.origin('popped');
    const popup = await openPopup(suite.browser, page);
    await expect.poll(popup.text, NEWS).toContain('16 running');
    await popup.click(`Stop ${origin}`);
    expect(await endsOf(page)).toEqual(['stopped']);
    await expect.poll(popup.text, NEWS).toContain('Nothing is running.');
    await keepBusy(page);
    await expect.poll(popup.text, NEWS).toContain('16 running');
    await popup.click(`Revoke ${origin}`);
    expect(await endsOf(page)).toEqual(['permission-revoked']);
    await expect.poll(popup.text, NEWS).toContain('May not use models any more');
    expect(await queryPermission(page)).toEqual([]);
  });

  it('knows the site of the tab it was opened on, and stops all others too', async () => {
    const other = await openBusy(suite, 'other');
    const page = await openBusy(suite, 'shown');
    const popup = await openPopup(suite.browser, page);
    await expect.poll(popup.text, NEWS).toContain('32 requests running on 2 sites');
    const text = await popup.text();
    expect(text).toContain(suite.sites.origin('shown'));
    expect(text).not.toContain(suite.sites.origin('other'));
    await popup.click('Stop all');
    for (const stopped of [page, other]) expect(await endsOf(stopped)).toEqual(['stopped']);
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
  });

  it('lets a site that was denied ask again', async () => {
    const page = await suite.visit('refused');
    await allow(suite.browser, page, { reply: { click: 'deny' } });
    const popup = await openPopup(suite.browser, page);
    await expect.poll(popup.text, NEWS).toContain('You said no');
    await popup.click(`Let it ask again: ${suite.sites.origin('refused')}`);
    await expect.poll(popup.text, NEWS).toContain('May not use models');
    expect(await allow(suite.browser, page)).toMatchObject({ ok: true });
  });

  it('opens the manager', async () => {
    const popup = await openPopup(suite.browser, await suite.visit('leading'));
    const opening = suite.browser.context.waitForEvent('page');
    await popup.click('Manage sites');
    const manager = await opening;
    await manager.getByRole('heading', { name: 'Sites and models' }).waitFor();
    expect(manager.url()).toBe(suite.browser.url('src/ui/manager/index.html'));
  });
});
