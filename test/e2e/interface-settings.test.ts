import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { openManager } from '../support/manager.ts';
import { allow, echoOf, infer } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';

describe('what the user sets in the manager', () => {
  const suite = useExtension();

  async function change(label: string, text: string): Promise<Page> {
    const manager = await openManager(suite.browser);
    await manager.getByLabel(label).fill(text);
    await manager.getByRole('button', { name: 'Save settings' }).click();
    await manager.getByText('Settings saved.').waitFor();
    return manager;
  }

  it('settings are kept, and the defaults come back', async () => {
    const manager = await change('Graphics memory for models', '1.5');
    await manager.getByLabel('Processor').check();
    await manager.getByRole('button', { name: 'Save settings' }).click();
    await manager.getByRole('button', { name: 'Save settings', disabled: true }).waitFor();
    const again = await openManager(suite.browser);
    await expect.poll(() => again.getByLabel('Graphics memory for models').inputValue()).toBe('1.5');
    expect(await again.getByLabel('Processor').isChecked()).toBe(true);
    await again.getByRole('button', { name: 'Use the defaults' }).click();
    await again.getByRole('button', { name: 'Save settings' }).click();
    await expect.poll(() => manager.getByLabel('Graphics memory for models').inputValue()).toBe('4');
  });

  it('sources of downloads are kept, and wrong ones are refused', async () => {
    const manager = await openManager(suite.browser);
    const [hub, hosts] = [manager.getByLabel('Hub', { exact: true }), manager.getByLabel('Hosts to download from')];
    await hub.fill('http://127.0.0.1:8080');
    await manager.getByRole('button', { name: 'Save downloads' }).click();
    await manager.getByText('Add 127.0.0.1:8080, which is to be asked.').waitFor();
    expect(await hosts.evaluate((field) => field === document.activeElement), 'focus on what is wrong').toBe(true);
    await hosts.fill('127.0.0.1:8080');
    await manager.getByRole('button', { name: 'Save downloads' }).click();
    await manager.getByText('Downloads saved.').waitFor();
    const again = await openManager(suite.browser);
    await expect.poll(() => again.getByLabel('Hub', { exact: true }).inputValue()).toBe('http://127.0.0.1:8080');
    expect(await again.getByLabel('Hosts to download from').inputValue()).toBe('127.0.0.1:8080');
    await again.getByRole('button', { name: 'Restore defaults' }).click();
    await again.getByRole('button', { name: 'Save downloads' }).click();
    await expect.poll(() => hub.inputValue()).toBe('https://huggingface.co');
  });

  it('a model leaves memory by itself after the time that was set', async () => {
    await change('Unload a model when it was idle for', '0.02');
    const page = await suite.visit('idle');
    await allow(suite.browser, page);
    await infer(page, echoOf(1));
    const manager = await openManager(suite.browser);
    const models = manager.getByRole('list', { name: 'Models in memory' }).getByRole('listitem');
    await models.waitFor();
    await page.close();
    await models.waitFor({ state: 'detached' });
  });

  it('a site may ask at once where no cool-down is set', async () => {
    await change('After a no, keep the site from asking for', '0');
    const page = await suite.visit('eager');
    await allow(suite.browser, page, { reply: { click: 'deny' } });
    expect(await allow(suite.browser, page)).toMatchObject({ ok: true });
  });
});
