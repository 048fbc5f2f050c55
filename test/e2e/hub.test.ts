import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/protocol/settings.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOfFolder } from '../support/hub/repo.ts';
import { openManager } from '../support/manager.ts';
import { allow, infer } from '../support/page-client.ts';
import { tellStory } from '../support/stories.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const MODEL = 'hf:org/storyteller';
describe('a model from a hub', () => {
  const suite = useExtension();
  let hub: Hub;
  beforeAll(async () => {
    hub = await serveHub({ 'org/storyteller': await repoOfFolder('models/storyteller', { licence: 'mit' }) });
  });
  afterAll(() => hub.close());
  afterEach(() => hub.clearFaults());

  async function useHub(changes: Partial<Settings['downloads']> = {}) {
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, hubSettings(hub, changes));
    return ui;
  }

  it('is asked for, downloaded once for two sites, and is there when the hub is not', async () => {
    const ui = await useHub();
    const [first, second] = [await suite.visit('first'), await suite.visit('second')];
    for (const page of [first, second]) {
      expect(await allow(suite.browser, page, { models: [MODEL] })).toMatchObject({ ok: true });
    }
    const [one, two] = await Promise.all([infer(first, tellStory(MODEL)), infer(second, tellStory(MODEL))]);
    expect(one).toMatchObject({ ok: true });
    expect(two).toEqual(expect.objectContaining({ ok: true }));
    const weights = hub.requests.filter(({ path }) => path.startsWith('/cdn/'));
    const sent = weights.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    const { models } = await ui.call(uiStore, {});
    expect(models).toMatchObject([{ card: { name: MODEL, source: 'hub', downloadBytes: 0, licence: 'mit' } }]);
    expect(sent).toBeLessThan(models[0]?.card.diskBytes ?? 0);
    expect(models[0]?.sites).toHaveLength(2);
  });

  it('is seen in the manager, pinned, checked, and removed once nobody uses it', async () => {
    await useHub();
    const page = await suite.visit('reader');
    expect(await allow(suite.browser, page, { models: [MODEL] })).toMatchObject({ ok: true });
    expect(await infer(page, tellStory(MODEL))).toMatchObject({ ok: true });
    const manager = await openManager(suite.browser);
    const onDisk = manager.getByRole('list', { name: 'Models on disk' }).getByRole('listitem');
    await onDisk.getByText(MODEL).waitFor();
    // A model of the package has nearly the same name.
    const press = (name: string) => manager.getByRole('button', { name, exact: true }).click();
    await press('Pin storyteller');
    await onDisk.getByText('Pinned', { exact: true }).waitFor();
    await press('Check storyteller');
    await manager.getByText(/^\d+ files checked, all intact\.$/).waitFor();
    const remove = async () => {
      await press('Remove storyteller');
      await manager.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    };
    await remove();
    await manager.getByText('storyteller is in use. Unload it first, then remove it.').waitFor();
    await press('Unload storyteller');
    await manager.getByText('storyteller left memory.').waitFor();
    await remove();
    await manager.getByText('storyteller left the disk.').waitFor();
    await onDisk.waitFor({ state: 'detached' });
    expect(await infer(page, tellStory(MODEL)), 'comes back when it is used').toMatchObject({ ok: true });
  });

  it('needs a token where it is private, which the manager takes and never shows again', async () => {
    suite.browser.logs.expectError(/401 \(Unauthorized\)/);
    await useHub();
    hub.put('org/secret', await repoOfFolder('models/storyteller', { licence: 'mit', token: 'hf_secret' }));
    const manager = await openManager(suite.browser);
    const field = manager.getByLabel('Token for private models');
    await field.fill('with a space');
    await manager.getByRole('button', { name: 'Keep the token' }).click();
    await manager.getByText('Paste the token as the hub shows it, without spaces.').waitFor();
    await field.fill('hf_secret');
    await manager.getByRole('button', { name: 'Keep the token' }).click();
    await manager.getByRole('button', { name: 'Remove the token' }).waitFor();
    expect(await field.inputValue()).toBe('');
    const page = await suite.visit('insider');
    expect(await allow(suite.browser, page, { models: ['hf:org/secret'] })).toMatchObject({ ok: true });
    expect(await infer(page, tellStory('hf:org/secret'))).toMatchObject({ ok: true });
    await manager.getByRole('button', { name: 'Remove the token' }).click();
    await manager.getByRole('button', { name: 'Keep the token' }).waitFor();
  });
});
