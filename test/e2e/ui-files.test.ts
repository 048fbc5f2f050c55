import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../ui/heard.ts';
import { axeViolations, overflowing, startUiBrowser, type UiBrowser } from '../ui/ui-browser.ts';

let browser: UiBrowser;
beforeAll(async () => {
  browser = await startUiBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const FOLDER = 'models/storyteller';
const ANY_FILE = 'models/storyteller/config.json';

describe('models from this computer', () => {
  it('are imported by the keyboard; what was begun is heard, and the focus comes back', async () => {
    await using manager = await browser.open('manager', 'disk', { width: 900 });
    const { page } = manager;
    const opener = page.getByRole('button', { name: 'Add a folder' });
    const heard = await listen(page);
    const choosing = page.waitForEvent('filechooser');
    await opener.press('Enter');
    await (await choosing).setFiles(FOLDER);
    const dialog = page.getByRole('dialog', { name: 'Import a model', description: /^5 files, / });
    await dialog.locator('input:focus').waitFor();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('a name');
    await page.keyboard.press('Enter');
    await dialog.getByRole('textbox', { name: 'Name', description: /Use letters, digits/ }).waitFor();
    expect(await manager.sent('files.import')).toEqual([]);
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('mine');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(heard).toContain('The import of file:mine has begun.');
    expect(await manager.sent('files.import')).toEqual([
      {
        name: 'file:mine',
        // What is no part of the model stays where it is.
        paths: [
          'config.json',
          'generation_config.json',
          'model.safetensors',
          'tokenizer.json',
          'tokenizer_config.json',
        ],
      },
    ]);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Add a folder');
    expect(manager.problems).toEqual([]);
  });

  it('in an archive keep their name, and the user is told who vouches for it', async () => {
    await using manager = await browser.open('manager', 'disk', { width: 900 });
    const { page } = manager;
    await page.setInputFiles('input[name=import-archive]', ANY_FILE);
    const dialog = page.getByRole('dialog', {
      name: 'Import a model',
      description: /hf:org\/exported.*Nobody else vouches/,
    });
    await dialog.waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent), 'the way back').toBe('Cancel');
    expect(await dialog.getByRole('textbox').count()).toBe(0);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await manager.sent('files.restore')).toEqual([]);
    await page.setInputFiles('input[name=import-archive]', ANY_FILE);
    await dialog.getByRole('button', { name: 'Import' }).press('Enter');
    await expect.poll(() => manager.sent('files.restore')).toEqual([{ name: 'hf:org/exported' }]);
  });

  it('that cannot be read are an alert and no dialog', async () => {
    await using manager = await browser.open('manager', 'disk', { width: 900 });
    const { page } = manager;
    const file = { name: 'x.tar', mimeType: 'application/x-tar', buffer: Buffer.from('none') };
    await page.setInputFiles('input[name=import-archive]', file);
    await page.getByRole('alert').getByText('Not a tar.').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});

describe('work on files', () => {
  it('has a bar with its figure, and buttons that say what they stop', async () => {
    await using manager = await browser.open('manager', 'disk', { width: 900 });
    const { page } = manager;
    const bar = page.getByRole('progressbar', { name: 'Qwen2.5-0.5B-Instruct', exact: true });
    expect(await bar.getAttribute('aria-valuetext')).toMatch(/^Checking: 2 of 5 files, .+ of .+/);
    await page.getByRole('button', { name: 'Stop checking Qwen2.5-0.5B-Instruct' }).press('Enter');
    await page.getByRole('button', { name: 'Dismiss the result of checking my-fox' }).press('Enter');
    await expect.poll(() => manager.sent('ui.job')).toMatchObject([{ act: 'stop' }, { act: 'dismiss' }]);
    await page.getByText('5 files checked, 2 damaged: model.safetensors, tokenizer.json.', { exact: false }).waitFor();
  });

  it('is heard when it ends', async () => {
    await using manager = await browser.open('manager', 'disk', { width: 900 });
    const { page } = manager;
    await page.getByRole('progressbar', { name: 'Qwen2.5-0.5B-Instruct', exact: true }).waitFor();
    const heard = await listen(page);
    await page.evaluate(() => globalThis.preview.endJobs());
    await expect
      .poll(heard)
      .toContainEqual(expect.stringContaining('Qwen2.5-0.5B-Instruct: 5 files checked, all intact.'));
  });

  it.each(['light', 'dark'] as const)('has no fault that axe finds, %s', async (colorScheme) => {
    await using manager = await browser.open('manager', 'disk', { width: 900, colorScheme });
    await manager.page.getByRole('list', { name: 'Under way' }).waitFor();
    expect(await axeViolations(manager.page)).toEqual([]);
    await manager.page.setInputFiles('input[name=import-folder]', FOLDER);
    await manager.page.getByRole('dialog').waitFor();
    expect(await axeViolations(manager.page)).toEqual([]);
  });

  it.each([320, 700])('fits into %i pixels with long names', async (width) => {
    await using manager = await browser.open('manager', 'disk', { width });
    await manager.page.getByRole('list', { name: 'Under way' }).waitFor();
    expect(await overflowing(manager.page)).toEqual([]);
    await manager.page.setInputFiles('input[name=import-archive]', ANY_FILE);
    await manager.page.getByRole('dialog').waitFor();
    expect(await overflowing(manager.page)).toEqual([]);
  });
});
