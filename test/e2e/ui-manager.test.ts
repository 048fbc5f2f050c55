import { afterAll, beforeAll, expect, it } from 'vitest';
import { overflowing, startUiBrowser, type UiBrowser } from '../ui/ui-browser.ts';

let browser: UiBrowser;
beforeAll(async () => {
  browser = await startUiBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

it('revokes one site, and all after asking', async () => {
  await using manager = await browser.open('manager', 'usual', { width: 1100 });
  const { page } = manager;
  await page.getByRole('button', { name: 'Revoke http://localhost:5173' }).click();
  const list = page.getByRole('list', { name: 'Allowed sites' });
  await list.filter({ hasNotText: 'localhost' }).waitFor();
  await page.getByRole('button', { name: 'Revoke all' }).click();
  const dialog = page.getByRole('dialog');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.evaluate(() => document.activeElement?.textContent), 'focus comes back').toBe('Revoke all');
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Revoke all' }).click();
  await page.getByText('No site may use models.').waitFor();
  expect(await manager.sent('ui.grant.revoke')).toHaveLength(2);
  expect(manager.problems).toEqual([]);
});

it('edits a limit with the keyboard, and says what is wrong', async () => {
  await using manager = await browser.open('manager', 'local', { width: 800 });
  const { page } = manager;
  const details = page.getByRole('button', { name: 'Details of http://localhost:5173' });
  await details.press('Enter');
  expect(await details.getAttribute('aria-expanded')).toBe('true');
  await page.getByRole('button', { name: 'Edit limits' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Edit the permission' });
  await dialog.getByLabel('How often').fill('never');
  await dialog.getByLabel('How often').press('Enter');
  await dialog.getByText('Type a number of requests a minute.').waitFor();
  expect(await manager.sent('ui.grant.update')).toEqual([]);
  await dialog.getByLabel('How often').fill('5');
  await dialog.getByLabel('When it ends').selectOption('never');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Up to 5 requests a minute').waitFor();
  await page.getByText('Until you revoke it').first().waitFor();
});

it('stops, unloads and lets a site ask again', async () => {
  await using manager = await browser.open('manager', 'usual', { width: 1100 });
  const { page } = manager;
  await page.getByRole('button', { name: 'Stop https://stories.example.co.uk' }).click();
  await page.getByText('Nothing is running.').waitFor();
  await page.getByRole('button', { name: 'Unload Storyteller 5M' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unload' }).click();
  await page.getByRole('heading', { name: 'Models 1 in memory' }).waitFor();
  await page.getByRole('button', { name: 'Let it ask again: https://pushy.example.net' }).click();
  await page.getByRole('heading', { name: /^Denied/ }).waitFor({ state: 'detached' });
});

it('finds sites, and keeps what is typed into the settings while figures tick', async () => {
  await using manager = await browser.open('manager', 'hostile', { width: 1100 });
  const { page } = manager;
  await page.getByLabel('Search sites').fill('xn--');
  const list = page.getByRole('list', { name: 'Allowed sites' });
  expect(await list.locator('> li').count()).toBe(1);
  await page.getByLabel('Unload a model when it was idle for').fill('7');
  const before = (await manager.sent('ui.state')).length;
  await page.waitForFunction(
    (count) => globalThis.preview.sent.filter(({ method }) => method === 'ui.state').length > count,
    before,
  );
  await page.getByRole('button', { name: 'Save settings' }).click();
  expect(await manager.sent('ui.settings.set')).toMatchObject([{ idleUnloadMs: 420_000 }]);
});

it.each([320, 700, 1400])('fits into %i pixels with long names and forty sites', async (width) => {
  await using manager = await browser.open('manager', 'hostile', { width });
  const { page } = manager;
  await page.getByRole('button', { name: 'Details of https://accounts.login' }).click();
  expect(await overflowing(page)).toEqual([]);
  await page.getByRole('button', { name: 'Edit limits' }).first().click();
  expect(await overflowing(page), 'the editor').toEqual([]);
  expect(manager.problems).toEqual([]);
});
