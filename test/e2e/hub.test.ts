import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { InferRequest } from '../../content/webplat.d.ts';
import type { Settings } from '../../src/protocol/settings.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOfFolder } from '../support/hub/repo.ts';
import { allow, infer } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const MODEL = 'hf:org/storyteller';
const request = (model: string): InferRequest => ({
  model,
  task: 'text-generation',
  input: [{ role: 'user', content: 'Tell me a story about a fox.' }],
  options: { maxNewTokens: 8 },
});

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
    const [one, two] = await Promise.all([infer(first, request(MODEL)), infer(second, request(MODEL))]);
    expect(one).toMatchObject({ ok: true });
    expect(two).toEqual(expect.objectContaining({ ok: true }));
    const weights = hub.requests.filter(({ path }) => path.startsWith('/cdn/'));
    const sent = weights.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    const { models } = await ui.call(uiStore, {});
    expect(models).toMatchObject([{ card: { name: MODEL, source: 'hub', downloadBytes: 0, licence: 'mit' } }]);
    expect(sent).toBeLessThan(models[0]?.card.diskBytes ?? 0);
    expect(models[0]?.sites).toHaveLength(2);
  });
});
