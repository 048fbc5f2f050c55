import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InferRequest } from '../../content/webplat.d.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { openManager } from '../support/manager.ts';
import { allow, infer } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const MODEL = 'file:my-fox';
const FOLDER = path.resolve('models/storyteller');
const request = (model: string): InferRequest => ({
  model,
  task: 'text-generation',
  input: [{ role: 'user', content: 'Tell me a story about a fox.' }],
  options: { maxNewTokens: 8 },
});

describe('files of the user', () => {
  const suite = useExtension();
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'webplat-files-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const onDisk = (manager: Page) => manager.getByRole('list', { name: 'Models on disk' }).getByRole('listitem');
  const work = (manager: Page) => manager.getByRole('list', { name: 'Under way' }).getByRole('listitem');
  const press = (manager: Page, name: string | RegExp) => manager.getByRole('button', { name }).click();

  async function importFolder(name: string): Promise<Page> {
    const manager = await openManager(suite.browser);
    await manager.getByRole('button', { name: 'Add a folder' }).waitFor();
    await manager.setInputFiles('input[name=import-folder]', FOLDER);
    const dialog = manager.getByRole('dialog', { name: 'Import a model' });
    expect(await dialog.getByLabel('Name').inputValue()).toBe('storyteller');
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByRole('button', { name: 'Import' }).click();
    await work(manager)
      .getByText(/files imported/)
      .waitFor();
    return manager;
  }

  async function remove(manager: Page, title: string): Promise<void> {
    await press(manager, `Remove ${title}`);
    await manager.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await manager.getByText(`${title} left the disk.`).waitFor();
  }

  it('become a model that a site may use once the user allowed it', async () => {
    const manager = await importFolder('my-fox');
    await onDisk(manager).getByText(MODEL).waitFor();
    const page = await suite.visit('reader');
    expect(await infer(page, request('file:other'))).toMatchObject({ ok: false, code: 'unknown-model' });
    expect(await allow(suite.browser, page, { models: [MODEL] })).toMatchObject({ ok: true });
    expect(await infer(page, request(MODEL))).toMatchObject({ ok: true });
    const stranger = await suite.visit('stranger');
    expect(await stranger.evaluate(() => window.webplat?.models.list())).toEqual([]);
    expect(await stranger.evaluate((model) => window.webplat?.models.availability({ model }), MODEL)).toMatchObject({
      availability: 'needs-permission',
    });
    await press(manager, 'Unload my-fox');
    await remove(manager, 'my-fox');
    expect(await infer(page, request(MODEL))).toMatchObject({ ok: false, code: 'unknown-model' });
  });
});
