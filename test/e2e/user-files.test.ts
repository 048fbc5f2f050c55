import path from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { holdHost } from '../support/host-gate.ts';
import { openManager } from '../support/manager.ts';
import { allow, infer } from '../support/page-client.ts';
import { damageLargest, storedFiles } from '../support/private-files.ts';
import { tellStory } from '../support/stories.ts';
import { useExtension } from '../support/suite.ts';
import { importFolder, onDisk, press, removeModel, underWay } from '../support/user-files-manager.ts';

const MODEL = 'file:my-fox';
const STORYTELLER = path.resolve('models/storyteller');

describe('files of the user', () => {
  const suite = useExtension();

  async function imported(name: string): Promise<Page> {
    const manager = await openManager(suite.browser);
    await importFolder(manager, STORYTELLER, name);
    await underWay(manager)
      .getByText(/^\d+ files imported, /)
      .waitFor();
    return manager;
  }

  async function dismissAll(manager: Page): Promise<void> {
    const dismiss = manager.getByRole('button', { name: /^Dismiss the result/ });
    while ((await dismiss.count()) > 0) {
      const name = (await dismiss.first().getAttribute('aria-label')) ?? '';
      const button = manager.getByRole('button', { name, exact: true });
      await button.click();
      // It goes when the host has forgotten the job, a moment after the click.
      await button.waitFor({ state: 'detached' });
    }
    await manager.getByRole('list', { name: 'Under way' }).waitFor({ state: 'detached' });
  }

  it('become a model that a site may use once the user allowed it', async () => {
    const manager = await imported('my-fox');
    await onDisk(manager).getByText(MODEL).waitFor();
    const page = await suite.visit('reader');
    expect(await infer(page, tellStory('file:other'))).toMatchObject({ ok: false, code: 'unknown-model' });
    expect(await allow(suite.browser, page, { models: [MODEL] })).toMatchObject({ ok: true });
    expect(await infer(page, tellStory(MODEL))).toMatchObject({ ok: true });
    const stranger = await suite.visit('stranger');
    expect(await stranger.evaluate(() => window.webplat?.models.list())).toEqual([]);
    expect(await stranger.evaluate((model) => window.webplat?.models.availability({ model }), MODEL)).toMatchObject({
      availability: 'needs-permission',
    });
    // Figures tick every second; where a request still runs, the manager asks before it unloads.
    await manager.getByRole('list', { name: 'Models in memory' }).getByText('Ready', { exact: true }).waitFor();
    await press(manager, 'Unload my-fox');
    await removeModel(manager, 'my-fox');
    expect(await infer(page, tellStory(MODEL))).toMatchObject({ ok: false, code: 'unknown-model' });
    expect(await storedFiles(manager)).toEqual([]);
  });

  it('are not taken in under a name that is none, nor where there is no model among them', async () => {
    const manager = await openManager(suite.browser);
    await manager.getByRole('button', { name: 'Add files' }).waitFor();
    await manager.setInputFiles('input[name=import-files]', path.join(STORYTELLER, 'README.md'));
    await manager.getByText('There is no file of a model among them', { exact: false }).waitFor();
    await importFolder(manager, STORYTELLER, '../etc');
    const dialog = manager.getByRole('dialog');
    await dialog.getByText('Use letters, digits, dots', { exact: false }).waitFor();
    expect(await dialog.locator('input:focus').getAttribute('name')).toBe('model-name');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await manager.setInputFiles('input[name=import-files]', path.join(STORYTELLER, 'config.json'));
    await manager.getByRole('dialog').getByLabel('Name').fill('half');
    await manager.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
    await underWay(manager).getByText('There are no weights', { exact: false }).waitFor();
    expect(await storedFiles(manager)).toEqual([]);
    await dismissAll(manager);
  });

  it('can be stopped on their way in, which leaves nothing', async () => {
    const manager = await openManager(suite.browser);
    await manager.getByRole('button', { name: 'Add files' }).waitFor();
    const letGo = await holdHost(suite.browser, 'read');
    await importFolder(manager, STORYTELLER, 'slow');
    await press(manager, 'Stop importing file:slow');
    await underWay(manager).getByText('Stopped. Nothing of it was kept.').waitFor();
    await letGo();
    expect(await storedFiles(manager)).toEqual([]);
    await dismissAll(manager);
  });

  it('are checked: what is damaged is named, and can be imported anew', async () => {
    const manager = await imported('checked');
    await press(manager, 'Check checked');
    await underWay(manager)
      .getByText(/^\d+ files checked, all intact\.$/)
      .waitFor();
    await damageLargest(manager);
    await press(manager, 'Check checked');
    await underWay(manager)
      .getByText(/^\d+ files checked, 1 damaged: model\.safetensors\. .*import the model again/)
      .waitFor();
    await onDisk(manager).getByText('Some of its files are damaged or gone.', { exact: false }).waitFor();
    expect(await manager.getByRole('button', { name: 'Export checked' }).count()).toBe(0);
    await importFolder(manager, STORYTELLER, 'checked');
    await manager.getByRole('button', { name: 'Export checked' }).waitFor();
    await removeModel(manager, 'checked');
  });

  it('are checked with progress, and the check can be stopped', async () => {
    const manager = await imported('large');
    const letGo = await holdHost(suite.browser, 'hash');
    await press(manager, 'Check large');
    await manager.getByRole('progressbar', { name: 'large' }).waitFor();
    await underWay(manager)
      .getByText(/^Checking: 0 of \d+ files, /)
      .waitFor();
    expect(await manager.getByRole('button', { name: 'Check large' }).isDisabled()).toBe(true);
    await press(manager, 'Stop checking large');
    await letGo();
    await underWay(manager)
      .getByText(/^Stopped after \d+ of \d+ files, none of them damaged\.$/)
      .waitFor();
    await press(manager, 'Dismiss the result of checking large');
    await underWay(manager)
      .getByText(/^Stopped after/)
      .waitFor({ state: 'detached' });
    await removeModel(manager, 'large');
    expect(await storedFiles(manager)).toEqual([]);
  });
});
