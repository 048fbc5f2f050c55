import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { InferRequest } from '../../content/webplat.d.ts';
import type { StoreAct } from '../../src/protocol/store.ts';
import { uiAct } from '../../src/protocol/ui/ui-act.ts';
import { uiModelUnload } from '../../src/protocol/ui/ui-model-unload.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { checkModel } from '../support/check-model.ts';
import { makeProfile, type Profile } from '../support/extension-browser.ts';
import { type GeneratedShape, generatedRepo } from '../support/hub/generated.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOfFolder } from '../support/hub/repo.ts';
import { allow, infer } from '../support/page-client.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { storedEntries } from '../support/stored-files.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient, type UiClient } from '../support/ui-client.ts';

const MIB = 2 ** 20;
const KEPT = 'hf:org/storyteller';
const DEEP = 'hf:org/deep';

/** 40 MB in five pieces; packed into 4 bits in 26 parts, which take 12 MB. */
const SHAPE: GeneratedShape = {
  vocabulary: 2048,
  hidden: 256,
  intermediate: 640,
  layers: 24,
  heads: 4,
  keyValueHeads: 4,
  contextTokens: 256,
  shards: 1,
  seed: 6,
};
const REQUEST: InferRequest = {
  model: DEEP,
  task: 'text-generation',
  input: 'Once upon a time',
  options: { maxNewTokens: 2, temperature: 0 },
};

/** A browser of which something lies on a small disk, and models to bring there. Call at the top of a group of tests. */
function onSmallDisk(profileOn: (folder: string) => Promise<Profile>) {
  let disk: SmallDisk;
  let hub: Hub;
  // Before those of the browser: what is set up first is taken down last.
  beforeAll(async () => {
    disk = await mountSmallDisk(256 * MIB);
    hub = await serveHub(
      {
        'org/storyteller': await repoOfFolder('models/storyteller', { licence: 'mit' }),
        'org/deep': await generatedRepo(SHAPE),
      },
      { bytesPerS: 8 * MIB },
    );
  });
  afterAll(async () => {
    await hub.close();
    await disk.close();
  });
  const suite = useExtension({ profile: () => profileOn(disk.path) });
  afterEach(() => disk.clear());

  const act = (ui: UiClient, model: string, what: StoreAct['act']) => ui.call(uiAct, { model, act: what });
  async function open(): Promise<UiClient> {
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, hubSettings(hub, { diskReserveBytes: 0 }));
    return ui;
  }
  const modelOf = async (ui: UiClient, name: string) =>
    (await ui.call(uiStore, {})).models.find(({ card }) => card.name === name);
  async function bring(ui: UiClient, name: string): Promise<void> {
    await act(ui, name, 'fetch');
    const left = async () => (await modelOf(ui, name))?.card.downloadBytes;
    await expect.poll(left, { timeout: 60_000, interval: 50 }).toBe(0);
  }
  const errorOf = async (ui: UiClient, name: string) =>
    (await ui.call(uiStore, {})).downloads.find((download) => download.name === name)?.error;
  const artifacts = async (ui: UiClient) =>
    (await storedEntries(ui.page)).filter(({ path }) => path.startsWith('artifacts/'));

  return {
    suite,
    act,
    open,
    bring,
    modelOf,
    errorOf,
    artifacts,
    get disk() {
      return disk;
    },
    get hub() {
      return hub;
    },
  };
}

/**
 * A profile whose private files lie on the disk. Conversions write until there is no room at all, and a browser that cannot map a page of
 * its own databases any more ends; those stay elsewhere.
 */
async function profileWithFilesOn(folder: string): Promise<Profile> {
  const profile = await makeProfile();
  await mkdir(path.join(folder, 'files'));
  await symlink(path.join(folder, 'files'), path.join(profile.path, 'Default', 'File System'));
  return profile;
}

describe('a disk that is full', () => {
  const small = onSmallDisk(makeProfile);
  const { act, open, bring, modelOf, errorOf } = small;

  it('ends a download that it has become too full for, leaves the rest alone, and goes on when there is room', async () => {
    const ui = await open();
    await bring(ui, KEPT);
    const sent = small.hub.whenSent(6 * MIB);
    await act(ui, DEEP, 'fetch');
    await sent;
    await small.disk.fill(0);
    await expect.poll(() => errorOf(ui, DEEP), { timeout: 60_000, interval: 50 }).toMatch(/There is no room on disk/);
    expect((await modelOf(ui, DEEP))?.card.downloadBytes).toBeGreaterThan(0);
    expect(await checkModel(ui, KEPT)).toMatchObject({ state: 'done', damagedFiles: 0 });
    await small.disk.clear();
    await bring(ui, DEEP);
    for (const name of [KEPT, DEEP]) {
      expect(await checkModel(ui, name)).toMatchObject({ state: 'done', damagedFiles: 0 });
    }
  });

  it('begins no download that it has no room for', async () => {
    const ui = await open();
    await act(ui, DEEP, 'remove');
    (small.hub.requests as unknown[]).length = 0;
    await small.disk.fill(20 * MIB);
    await act(ui, DEEP, 'fetch');
    await expect.poll(() => errorOf(ui, DEEP), { timeout: 20_000, interval: 50 }).toMatch(/There is no room on disk/);
    const site = await small.suite.visit('waiting');
    expect(await allow(small.suite.browser, site, { models: [DEEP] })).toMatchObject({ ok: true });
    expect(await infer(site, REQUEST)).toMatchObject({
      ok: false,
      code: 'storage-full',
      message: expect.stringContaining('Ask the user to remove others in the manager'),
    });
    expect(small.hub.requests.filter(({ path }) => path.startsWith('/cdn/'))).toEqual([]);
  });
});

describe('a disk that is full for what the extension stores', () => {
  const small = onSmallDisk(profileWithFilesOn);
  const { act, open, bring, artifacts } = small;

  it('lets a model run from memory when the conversion fills it, keeps nothing of it, and everything else', async () => {
    const ui = await open();
    await bring(ui, KEPT);
    await bring(ui, DEEP);
    const site = await small.suite.visit('converting');
    expect(await allow(small.suite.browser, site, { models: [DEEP] })).toMatchObject({ ok: true });
    // Half of what the conversion takes.
    await small.disk.fill(6 * MIB);
    expect(await infer(site, REQUEST)).toMatchObject({ ok: true });
    expect(await act(ui, DEEP, 'remove'), 'while it is loaded').toEqual({ outcome: 'in-use' });
    expect(await artifacts(ui)).toEqual([]);
    for (const name of [KEPT, DEEP]) {
      expect(await checkModel(ui, name)).toMatchObject({ state: 'done', damagedFiles: 0 });
    }
    await small.disk.clear();
    await ui.call(uiModelUnload, { model: DEEP });
    expect(await infer(site, REQUEST)).toMatchObject({ ok: true });
    expect((await artifacts(ui)).filter(({ path }) => path.endsWith('/entry.json'))).toHaveLength(1);
  });
});
