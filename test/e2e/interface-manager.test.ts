import { describe, expect, it } from 'vitest';
import { endsOf, keepBusy, openBusy } from '../support/busy-page.ts';
import { openManager } from '../support/manager.ts';
import { allow, ECHO, echoOf, infer, queryPermission, requestPermission } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';

describe('what the user clicks in the manager', () => {
  const suite = useExtension();

  it('stops and revokes running work', async () => {
    const page = await openBusy(suite, 'managed');
    const manager = await openManager(suite.browser);
    await manager.getByRole('button', { name: `Stop ${suite.sites.origin('managed')}` }).click();
    expect(await endsOf(page)).toEqual(['stopped']);
    await manager.getByText('Stopped 16 requests.').waitFor();
    await keepBusy(page);
    await manager.getByRole('button', { name: `Revoke ${suite.sites.origin('managed')}` }).click();
    expect(await endsOf(page)).toEqual(['permission-revoked']);
    await expect.poll(() => queryPermission(page)).toEqual([]);
  });

  it('revokes everything after asking', async () => {
    const pages = [await openBusy(suite, 'first'), await openBusy(suite, 'second')];
    const manager = await openManager(suite.browser);
    await manager.getByRole('button', { name: 'Revoke all' }).click();
    await manager.getByRole('dialog').getByRole('button', { name: 'Revoke all' }).click();
    for (const page of pages) expect(await endsOf(page)).toEqual(['permission-revoked']);
    await manager.getByText('No site may use models.').waitFor();
  });

  it('a site that was denied is not heard until the user lets it ask again', async () => {
    const page = await suite.visit('pushy');
    expect(await allow(suite.browser, page, { reply: { click: 'deny' } })).toMatchObject({
      ok: false,
      code: 'permission-denied',
    });
    expect(await requestPermission(page, { models: [ECHO] })).toMatchObject({ code: 'permission-denied' });
    const manager = await openManager(suite.browser);
    await manager.getByRole('button', { name: `Let it ask again: ${suite.sites.origin('pushy')}` }).click();
    await manager.getByText(`${suite.sites.origin('pushy')} may ask again.`).waitFor();
    expect(await allow(suite.browser, page)).toMatchObject({ ok: true });
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
  });

  it('a model that is unloaded leaves memory, and comes back with the next request', async () => {
    const page = await suite.visit('unloading');
    await allow(suite.browser, page);
    await infer(page, echoOf(1));
    const manager = await openManager(suite.browser);
    const models = manager.getByRole('list', { name: 'Models in memory' }).getByRole('listitem');
    await manager.getByRole('button', { name: 'Unload Echo' }).click();
    await manager.getByText('Echo left memory.').waitFor();
    await models.waitFor({ state: 'detached' });
    expect(await infer(page, echoOf(2))).toMatchObject({ ok: true });
    await models.filter({ hasText: 'Echo' }).waitFor();
  });

  it('unloading a model in use asks first, and then ends what runs on it', async () => {
    const page = await openBusy(suite, 'busy');
    const manager = await openManager(suite.browser);
    await manager.getByRole('button', { name: 'Unload Echo' }).click();
    const dialog = manager.getByRole('dialog', { name: 'Unload Echo?' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await manager.getByRole('button', { name: 'Unload Echo' }).click();
    await dialog.getByRole('button', { name: 'Unload' }).click();
    expect(await endsOf(page)).toEqual(['session-ended']);
    await manager.getByText('Echo left memory.').waitFor();
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
  });
});
