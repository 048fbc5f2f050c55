import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { endsOf, openBusy } from '../support/busy-page.ts';
import { openManager } from '../support/manager.ts';
import { allow, echoOf, infer, queryPermission } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';

const HOUR = 3_600_000;

describe("what the user edits in the manager's limit editor", () => {
  const suite = useExtension();

  /** Opens the editor of the only grant of a site. */
  async function openEditor(name: string): Promise<Page> {
    const manager = await openManager(suite.browser);
    await manager.getByRole('button', { name: `Details of ${suite.sites.origin(name)}` }).click();
    await manager.getByRole('button', { name: 'Edit limits' }).click();
    return manager;
  }

  /** Saves what the editor holds; settles when the list of permissions says so. */
  async function save(manager: Page, shows: string | RegExp): Promise<void> {
    await manager.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await manager.getByRole('article').getByText(shows).waitFor();
  }

  const expiryOf = async (page: Page) =>
    (await queryPermission(page))[0]?.caveats.find(({ type }) => type === 'expiry')?.value;

  it('a limit that is lowered in the editor holds for the next request, and one that is raised too', async () => {
    const page = await suite.visit('edited');
    await allow(suite.browser, page);
    expect(await infer(page, echoOf(9))).toMatchObject({ ok: true });
    const manager = await openEditor('edited');
    await manager.getByLabel('Length of an answer').fill('4');
    await save(manager, 'Up to 4 tokens an answer');
    expect(await infer(page, echoOf(9))).toMatchObject({ ok: false, code: 'limit-tokens' });
    expect(await infer(page, echoOf(4))).toMatchObject({ ok: true });
    await manager.getByRole('button', { name: 'Edit limits' }).click();
    await manager.getByLabel('Length of an answer').fill('9');
    await save(manager, 'Up to 9 tokens an answer');
    expect(await infer(page, echoOf(9))).toMatchObject({ ok: true });
  });

  it('a use that is taken away in the editor is refused', async () => {
    const page = await suite.visit('narrowed');
    await allow(suite.browser, page, { tasks: ['text-generation', 'tensors'] });
    const manager = await openEditor('narrowed');
    await manager.getByLabel('Write text').uncheck();
    await save(manager, 'Echo: run raw numbers');
    const [grant] = await queryPermission(page);
    expect(grant?.caveats).toContainEqual({ type: 'tasks', value: ['tensors'] });
  });

  it('an end that is set in the editor is kept, moved and taken away again', async () => {
    const page = await suite.visit('ending');
    await allow(suite.browser, page, { duration: 'always' });
    expect(await expiryOf(page)).toBe('never');
    const before = Date.now();
    const manager = await openEditor('ending');
    await manager.getByLabel('When it ends').selectOption('In 1 hour');
    await save(manager, /^Ends in 1 hour/);
    const expiry = await expiryOf(page);
    expect(expiry).toBeGreaterThanOrEqual(before + HOUR);
    expect(expiry).toBeLessThanOrEqual(Date.now() + HOUR);
    await manager.getByRole('button', { name: 'Edit limits' }).click();
    await manager.getByLabel('When it ends').selectOption('No end of its own');
    await save(manager, /^Until you revoke it/);
    expect(await expiryOf(page)).toBe('never');
  });

  it('a moment that is typed into the editor ends what runs then', async () => {
    const page = await openBusy(suite, 'timed');
    const manager = await openEditor('timed');
    await manager.getByLabel('When it ends').selectOption('On a date');
    await manager.getByLabel('Date and time').fill(await manager.evaluate(localTimeIn, 3_000));
    await manager.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    expect(await endsOf(page)).toEqual(['permission-expired']);
    await manager.getByRole('button', { name: `Revoke ${suite.sites.origin('timed')}` }).waitFor({ state: 'detached' });
  });
});

/** Runs in the manager: the local time some milliseconds from now, as a field for date and time takes it. */
function localTimeIn(ms: number): string {
  const now = new Date();
  return new Date(now.getTime() + ms - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
