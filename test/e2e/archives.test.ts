import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { ensureBuild } from '../support/build.ts';
import { launchExtension } from '../support/extension-browser.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOfFolder } from '../support/hub/repo.ts';
import { openManager } from '../support/manager.ts';
import { allow, infer } from '../support/page-client.ts';
import { storedFiles } from '../support/private-files.ts';
import { tellStory } from '../support/stories.ts';
import { useExtension } from '../support/suite.ts';
import { tarOf } from '../support/tar.ts';
import { openUiClient } from '../support/ui-client.ts';
import { importFolder, onDisk, pickArchive, press, removeModel, underWay } from '../support/user-files-manager.ts';

const HUB_MODEL = 'hf:org/storyteller';
const STORYTELLER = path.resolve('models/storyteller');

declare global {
  /** Only in the manager of a test: what the place to save to, which the test supplies, was told. */
  var saved: { bytes: number; closed: boolean; aborted: boolean } | undefined;
  var letWriteEnd: (() => void) | undefined;
}

describe('archives of models', () => {
  const suite = useExtension();
  let folder = '';
  let hub: Hub;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'webplat-archives-'));
    hub = await serveHub({ 'org/storyteller': await repoOfFolder('models/storyteller', { licence: 'mit' }) });
  });
  afterAll(async () => {
    await hub.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Exports without a window that asks where to, as browsers do that have none. */
  async function exportByDownload(manager: Page, title: string): Promise<string> {
    await manager.evaluate(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
    const [download] = await Promise.all([manager.waitForEvent('download'), press(manager, `Export ${title}`)]);
    expect(download.suggestedFilename()).toMatch(/\.tar$/);
    const file = path.join(folder, download.suggestedFilename());
    await download.saveAs(file);
    return file;
  }

  /** Exports to a place that takes `held` or everything at once, in the stead of the browser's window. */
  async function savePlace(manager: Page, held: boolean): Promise<void> {
    await manager.evaluate((isHeld) => {
      const told = { bytes: 0, closed: false, aborted: false };
      globalThis.saved = told;
      const createWritable = async () =>
        new WritableStream<Uint8Array>({
          write(chunk) {
            if (isHeld) {
              return new Promise<void>((resolve) => {
                globalThis.letWriteEnd = resolve;
              });
            }
            told.bytes += chunk.byteLength;
          },
          close() {
            told.closed = true;
          },
          abort() {
            told.aborted = true;
          },
        });
      Object.assign(window, { showSaveFilePicker: async () => ({ createWritable }) });
    }, held);
  }

  async function imported(name: string): Promise<Page> {
    const manager = await openManager(suite.browser);
    await importFolder(manager, STORYTELLER, name);
    await manager.getByRole('button', { name: `Export ${name}` }).waitFor();
    return manager;
  }

  it('carry a model of a hub to another profile, which never asks the hub', async () => {
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, hubSettings(hub));
    const page = await suite.visit('reader');
    expect(await allow(suite.browser, page, { models: [HUB_MODEL] })).toMatchObject({ ok: true });
    expect(await infer(page, tellStory(HUB_MODEL))).toMatchObject({ ok: true });
    await page.close();
    const manager = await openManager(suite.browser);
    // What is not needed to run is not downloaded until it is asked for.
    const rest = manager.getByRole('button', { name: 'Download the rest of storyteller' });
    await onDisk(manager).getByText(HUB_MODEL).waitFor();
    if (await rest.isVisible()) await rest.click();
    await manager.getByRole('button', { name: 'Export storyteller' }).waitFor();
    const archive = await exportByDownload(manager, 'storyteller');
    const other = await launchExtension({ extension: await ensureBuild('dist') });
    try {
      const there = await openManager(other);
      const dialog = await pickArchive(there, archive);
      await dialog
        .getByText(`The archive says that it is ${HUB_MODEL}, under the licence mit.`, { exact: false })
        .waitFor();
      await dialog.getByRole('button', { name: 'Import' }).click();
      // Not a wait for the good end alone: what there is instead says what went wrong.
      const shown = async () => (await there.locator('#disk, [role=alert]').allInnerTexts()).join('\n');
      await expect.poll(shown, { timeout: 60_000 }).toContain('files imported');
      await onDisk(there).getByText('From an archive').waitFor();
      const asked = hub.requests.length;
      const reader = await other.open(suite.sites.origin('reader'));
      expect(await allow(other, reader, { models: [HUB_MODEL] })).toMatchObject({ ok: true });
      expect(await infer(reader, tellStory(HUB_MODEL))).toMatchObject({ ok: true });
      expect(hub.requests).toHaveLength(asked);
      expect(other.logs.unexpected()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('are written piece by piece to where the user wants, and the writing can be stopped', async () => {
    const manager = await imported('mine');
    await savePlace(manager, false);
    await press(manager, 'Export mine');
    await manager.getByText('mine was exported.').waitFor();
    const saved = await manager.evaluate(() => globalThis.saved);
    expect(saved).toMatchObject({ closed: true, aborted: false });
    expect(saved?.bytes).toBeGreaterThan(5_000_000);
    await savePlace(manager, true);
    await press(manager, 'Export mine');
    await underWay(manager)
      .getByText(/^Writing the archive: /)
      .waitFor();
    await press(manager, 'Stop exporting mine');
    await manager.getByText('The export of mine was stopped.').waitFor();
    await manager.evaluate(() => globalThis.letWriteEnd?.());
    const told = () => manager.evaluate(() => globalThis.saved);
    await expect.poll(told).toEqual({ bytes: 0, closed: false, aborted: true });
    await removeModel(manager, 'mine');
  });

  it('that were changed on their way are refused, and nothing of them is kept', async () => {
    const manager = await imported('honest');
    const archive = await exportByDownload(manager, 'honest');
    await removeModel(manager, 'honest');
    const before = await storedFiles(manager);
    const bytes = await readFile(archive);
    bytes.writeUInt8(bytes.readUInt8(bytes.length / 2) ^ 1, bytes.length / 2);
    const changed = path.join(folder, 'changed.tar');
    await writeFile(changed, bytes);
    const dialog = await pickArchive(manager, changed);
    await dialog.getByRole('button', { name: 'Import' }).click();
    await underWay(manager).getByText('A file is not what the archive says it is.').waitFor();
    expect(await storedFiles(manager)).toEqual(before);
    await (await pickArchive(manager, archive)).getByRole('button', { name: 'Import' }).click();
    await onDisk(manager).getByText('file:honest').waitFor();
    await removeModel(manager, 'honest');
  });

  it.each([
    ['../../config.json', '0', 'leads out of its folder'],
    ['model.safetensors', '2', 'is no file'],
  ])('with %s of the kind %s are refused before anything is asked', async (name, type, text) => {
    const manager = await openManager(suite.browser);
    const hostile = path.join(folder, 'hostile.tar');
    await writeFile(hostile, Buffer.from(await tarOf([{ name, type }]).arrayBuffer()));
    await manager.getByRole('button', { name: 'Add an archive' }).waitFor();
    const before = await storedFiles(manager);
    await manager.setInputFiles('input[name=import-archive]', hostile);
    await manager.getByRole('alert').getByText(text, { exact: false }).waitFor();
    expect(await manager.getByRole('dialog').count()).toBe(0);
    expect(await storedFiles(manager)).toEqual(before);
  });
});
