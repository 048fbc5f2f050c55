import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uiAct } from '../../src/protocol/ui/ui-act.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { uiToken } from '../../src/protocol/ui/ui-token.ts';
import { checkModel } from '../support/check-model.ts';
import { type GeneratedShape, generatedRepo } from '../support/hub/generated.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOfFolder } from '../support/hub/repo.ts';
import { allow, infer } from '../support/page-client.ts';
import { type Suite, useExtension } from '../support/suite.ts';
import { openUiClient, type UiClient } from '../support/ui-client.ts';

const SHARED = 'hf:org/shared';
/** 22 MiB: three pieces. */
const SHAPE: GeneratedShape = {
  vocabulary: 2048,
  hidden: 256,
  intermediate: 1024,
  layers: 8,
  heads: 4,
  keyValueHeads: 4,
  contextTokens: 256,
  shards: 1,
  seed: 12,
};

describe('two profiles that use one hub at the same time', () => {
  const left = useExtension();
  const right = useExtension();
  let hub: Hub;
  beforeAll(async () => {
    const storyteller = (token: string) => repoOfFolder('models/storyteller', { licence: 'mit', token });
    hub = await serveHub(
      {
        'left/own': await storyteller('hf_left'),
        'right/own': await storyteller('hf_right'),
        'org/shared': await generatedRepo(SHAPE),
      },
      { bytesPerS: 8_000_000 },
    );
  });
  afterAll(() => hub.close());

  async function open(suite: Suite, token: string): Promise<UiClient> {
    // Whether a model is private is found out by asking for it without the token first.
    suite.browser.logs.expectError(/401 \(Unauthorized\)/);
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, hubSettings(hub));
    await ui.call(uiToken, { token });
    return ui;
  }
  const missing = async (ui: UiClient, name: string) =>
    (await ui.call(uiStore, {})).models.find(({ card }) => card.name === name)?.card.downloadBytes;

  it('have a store and a token each, and both get what they want', async () => {
    const users = [
      { suite: left, own: 'hf:left/own', ui: await open(left, 'hf_left') },
      { suite: right, own: 'hf:right/own', ui: await open(right, 'hf_right') },
    ];
    await Promise.all(users.map(({ ui }) => ui.call(uiAct, { model: SHARED, act: 'fetch' })));
    const answers = await Promise.all(
      users.map(async ({ suite, own }) => {
        const page = await suite.visit('reader');
        await allow(suite.browser, page, { models: [own] });
        return infer(page, { model: own, task: 'text-generation', input: 'Once', options: { maxNewTokens: 4 } });
      }),
    );
    for (const answer of answers) expect(answer).toMatchObject({ ok: true });
    for (const { ui, own } of users) {
      await expect.poll(() => missing(ui, SHARED), { timeout: 30_000, interval: 50 }).toBe(0);
      expect((await ui.call(uiStore, {})).models.map(({ card }) => card.name).sort()).toEqual([own, SHARED].sort());
      for (const model of [own, SHARED]) {
        expect(await checkModel(ui, model)).toMatchObject({ state: 'done', damagedFiles: 0 });
      }
    }
    const tokensAt = (path: RegExp) =>
      new Set(hub.requests.filter((request) => path.test(request.path)).map(({ authorization }) => authorization));
    expect(tokensAt(/\/left\/own\//)).toEqual(new Set([undefined, 'Bearer hf_left']));
    expect(tokensAt(/\/right\/own\//)).toEqual(new Set([undefined, 'Bearer hf_right']));
    expect(tokensAt(/\/org\/shared\/|\/cdn\//)).toEqual(new Set([undefined]));
  });

  it('do not see what the other one may', async () => {
    const ui = await open(right, 'hf_right');
    await ui.call(uiAct, { model: 'hf:left/own', act: 'fetch' });
    const error = async () => (await ui.call(uiStore, {})).downloads.find(({ name }) => name === 'hf:left/own')?.error;
    await expect.poll(error, { timeout: 20_000, interval: 50 }).toMatch(/do not allow the download/);
    expect(await missing(ui, 'hf:left/own')).toBeUndefined();
  });
});
