import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../ui/heard.ts';
import { startUiBrowser, type UiBrowser } from '../ui/ui-browser.ts';

let browser: UiBrowser;
beforeAll(async () => {
  browser = await startUiBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const STORIES = 'https://stories.example.co.uk';
const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.ariaLabel ?? document.activeElement?.textContent ?? '');

describe('who listens', () => {
  it('gets addresses in one piece, and every list and meter by name', async () => {
    await using prompt = await browser.open('prompt', 'usual');
    const asks = `${STORIES} asks to use a model on this computer`;
    await prompt.page.getByRole('heading', { level: 1, name: asks, exact: true }).waitFor();
    await using popup = await browser.open('popup', 'usual');
    await popup.page.getByRole('region', { name: STORIES, exact: true }).waitFor();
    await popup.page.getByRole('meter', { name: 'Computing today' }).waitFor();
    await using manager = await browser.open('manager', 'usual', { width: 1100 });
    for (const name of ['Allowed sites', 'Denied', 'No longer allowed', 'Models in memory'])
      await manager.page.getByRole('list', { name, exact: true }).waitFor();
    await manager.page.getByRole('heading', { level: 3, name: STORIES, exact: true }).waitFor();
    expect(await manager.page.locator('main').ariaSnapshot()).not.toMatch(
      /- (button|list|checkbox|textbox|meter)(:|$)/m,
    );
  });

  it('hears what was done, also when the same is done twice', async () => {
    await using manager = await browser.open('manager', 'usual', { width: 1100 });
    const { page } = manager;
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    const heard = await listen(page);
    await page.getByRole('button', { name: `Stop ${STORIES}` }).click();
    await expect.poll(heard).toEqual(['Stopped 2 requests.']);
    for (const minutes of ['7', '8']) {
      await page.getByLabel('Unload a model when it was idle for').fill(minutes);
      await page.getByRole('button', { name: 'Save settings' }).click();
      await page.getByRole('button', { name: 'Save settings', disabled: true }).waitFor();
    }
    await expect.poll(heard).toEqual(['Stopped 2 requests.', 'Settings saved.', 'Settings saved.']);
    await page.getByRole('button', { name: `Revoke ${STORIES}` }).click();
    await expect.poll(heard).toContain(`Revoked the permission of ${STORIES}.`);
    await page.getByLabel('Search sites').fill('localhost');
    await expect.poll(heard).toContain('1 site found.');
  });

  it('hears what failed', async () => {
    await using popup = await browser.open('popup', 'usual');
    const { page } = popup;
    await page.getByRole('button', { name: 'Stop all' }).waitFor();
    const heard = await listen(page);
    await page.evaluate(() => globalThis.preview.setSilent(true));
    await page.getByRole('button', { name: 'Stop all' }).click();
    await expect.poll(heard).toContainEqual(expect.stringContaining('does not answer'));
  });

  it('hears why the prompt does not take an answer', async () => {
    await using prompt = await browser.open('prompt', 'incremental', { stopClock: true });
    const { page } = prompt;
    const heard = await listen(page);
    await page.getByRole('button', { name: 'Allow' }).press('Enter');
    await expect.poll(heard).toContainEqual(expect.stringContaining('Too soon'));
    for (const task of ['Write text', 'Run raw numbers']) await page.getByRole('checkbox', { name: task }).uncheck();
    await page.clock.runFor(100);
    await expect.poll(heard).toContainEqual(expect.stringContaining('Choose at least one model and one use'));
  });
});

describe('who uses the keyboard', () => {
  it('stays in the editor, and comes back to the button that opened it', async () => {
    await using manager = await browser.open('manager', 'local', { width: 800 });
    const { page } = manager;
    await page.getByRole('button', { name: 'Details of' }).press('Enter');
    const opener = page.getByRole('button', { name: 'Edit limits' });
    await opener.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Edit the permission', description: /localhost/ });
    await dialog.waitFor();
    const places = new Set<string>();
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press('Tab');
      places.add(await page.evaluate(() => document.activeElement?.closest('dialog, body')?.tagName ?? ''));
    }
    // Between its end and its beginning the focus is in the browser, which the page sees as its body.
    expect([...places].filter((place) => place !== 'BODY')).toEqual(['DIALOG']);
    await dialog.getByRole('button', { name: 'Save' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Edit limits');
  });

  it('is led to the field that is wrong, with what is wrong as its description', async () => {
    await using manager = await browser.open('manager', 'local', { width: 800 });
    const { page } = manager;
    await page.getByRole('button', { name: 'Details of' }).click();
    await page.getByRole('button', { name: 'Edit limits' }).click();
    const dialog = page.getByRole('dialog');
    for (const name of ['Storyteller 5M', 'Write text']) await dialog.getByLabel(name).uncheck();
    await dialog.getByLabel('How often').fill('0');
    await dialog.getByRole('button', { name: 'Save' }).press('Enter');
    const models = dialog.getByRole('group', { name: 'Models', description: 'Choose at least one model' });
    await models.locator('input:focus').waitFor();
    await dialog.getByLabel('Storyteller 5M').check();
    await dialog.getByLabel('Write text').check();
    await dialog.getByRole('button', { name: 'Save' }).press('Enter');
    await dialog.locator('input[name=maxRatePerMinute]:focus').waitFor();
    expect(await dialog.getByRole('textbox', { description: 'At least 1.' }).getAttribute('name')).toBe(
      'maxRatePerMinute',
    );
  });

  it('keeps the place when a button has done its work and is gone', async () => {
    await using manager = await browser.open('manager', 'usual', { width: 1100 });
    await manager.page.getByRole('button', { name: `Revoke ${STORIES}` }).press('Enter');
    await manager.page.locator('h2:focus', { hasText: 'Sites' }).waitFor();
    await manager.page.getByRole('button', { name: 'Unload Echo' }).press('Enter');
    await manager.page.locator('h2:focus', { hasText: 'Models' }).waitFor();
    await using popup = await browser.open('popup', 'usual');
    await popup.page.getByRole('button', { name: `Stop ${STORIES}` }).press('Enter');
    await popup.page.locator('h2:focus').waitFor();
    expect(await focused(popup.page)).toBe(STORIES);
  });
});
