import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadProgress } from '../../content/webplat.d.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { type HubRepo, repoOfFolder } from '../support/hub/repo.ts';
import { allow, infer } from '../support/page-client.ts';
import { storedEntries } from '../support/stored-files.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const SITES = 20;
const MODEL = 'hf:org/storyteller';

/** What the page was told while the model was loaded, and whether it was. */
function load(page: Page): Promise<{ readonly progress: readonly LoadProgress[]; readonly failed: string }> {
  return page.evaluate(async (model) => {
    const progress: LoadProgress[] = [];
    try {
      await window.webplat?.models.load({ model, task: 'text-generation' }, { monitor: (step) => progress.push(step) });
      return { progress, failed: '' };
    } catch (error) {
      return { progress, failed: String(error) };
    }
  }, MODEL);
}

describe('twenty sites that want the same model at once', () => {
  const suite = useExtension();
  let repo: HubRepo;
  let hub: Hub;
  beforeAll(async () => {
    repo = await repoOfFolder('models/storyteller', { licence: 'mit' });
    hub = await serveHub({ 'org/storyteller': repo }, { bytesPerS: 4_000_000 });
  });
  afterAll(() => hub.close());

  it('are each asked for, and cause one download, one conversion and one copy in memory', async () => {
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, hubSettings(hub));
    const pages: Page[] = [];
    for (let site = 0; site < SITES; site += 1) {
      const page = await suite.visit(`site${site}`);
      expect(await allow(suite.browser, page, { models: [MODEL] })).toMatchObject({ ok: true });
      pages.push(page);
    }
    const loads = await Promise.all(pages.map(load));
    for (const { progress, failed } of loads) {
      expect(failed).toBe('');
      const fractions = progress.filter(({ phase }) => phase === 'download').map(({ fraction }) => fraction);
      expect(fractions.length).toBeGreaterThan(1);
      // In hundredths, and never a step twice: nothing finer tells one network from another.
      for (const fraction of fractions) expect(Math.round(fraction * 100) / 100).toBe(fraction);
      expect(fractions.filter((fraction, at) => fraction === fractions[at - 1])).toEqual([]);
      expect(
        progress.flatMap((step) => Object.keys(step)).every((key) => /^(phase|fraction|component)$/.test(key)),
      ).toBe(true);
    }
    for (const page of pages) {
      const request = { model: MODEL, task: 'text-generation', input: 'Once', options: { maxNewTokens: 2 } } as const;
      expect(await infer(page, request)).toMatchObject({ ok: true });
    }

    const { host } = await ui.call(uiState, {});
    expect(host).toMatchObject({ modelLoads: 1, residents: [{ name: MODEL, state: 'ready', references: SITES }] });
    const { models } = await ui.call(uiStore, {});
    expect(models).toMatchObject([{ card: { name: MODEL, downloadBytes: 0 } }]);
    expect(models[0]?.sites).toHaveLength(SITES);
    const entries = (await storedEntries(ui.page)).filter(({ path }) => /^artifacts\/[^/]+\/entry\.json$/.test(path));
    expect(entries).toHaveLength(1);
    for (const path of ['model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'config.json']) {
      const file = repo.files.get(path);
      const of = file?.lfs ? `/cdn/${file.sha256}` : `/${path}`;
      const sent = hub.requests.filter((request) => request.path.split('?')[0]?.endsWith(of));
      expect(
        sent.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
        path,
      ).toBe(file?.bytes);
    }
  });
});
