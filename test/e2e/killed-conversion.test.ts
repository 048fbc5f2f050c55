import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InferRequest } from '../../content/webplat.d.ts';
import { uiAct } from '../../src/protocol/ui/ui-act.ts';
import { uiModelUnload } from '../../src/protocol/ui/ui-model-unload.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { type GeneratedShape, generatedRepo } from '../support/hub/generated.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { KILLS } from '../support/kills.ts';
import { allow, infer } from '../support/page-client.ts';
import { createRandom } from '../support/random.ts';
import { useRestarts } from '../support/restarts.ts';
import { type StoredEntry, storedEntries, storedText, whenConverting } from '../support/stored-files.ts';
import { openUiClient, type UiClient } from '../support/ui-client.ts';

const MODEL = 'hf:org/deep';

/** 20 M parameters: too many to stay float32, so they are packed into 4 bits. A part for each layer and two more. */
const SHAPE: GeneratedShape = {
  vocabulary: 2048,
  hidden: 256,
  intermediate: 640,
  layers: 24,
  heads: 4,
  keyValueHeads: 4,
  contextTokens: 256,
  shards: 1,
  seed: 5,
};
const PARTS = SHAPE.layers + 2;
/** Parts that are left at the last kill, so that the browser does not end the conversion before it is killed. */
const SPARE = 4;

const REQUEST: InferRequest = {
  model: MODEL,
  task: 'text-generation',
  input: 'Once upon a time',
  options: { maxNewTokens: 3, temperature: 0 },
};

/** A part is finished when this lies beside it; the whole when there is an entry, which names the hash of every part. */
const NOTE = /^artifacts\/[^/]+\/.+\.bin\.json$/;
const ENTRY = /^artifacts\/[^/]+\/entry\.json$/;

// Each kill is a start of the browser; on a busy machine they add up.
describe('a browser that is killed while it converts', { timeout: 60_000 + KILLS * 40_000 }, () => {
  const restarts = useRestarts();
  let hub: Hub;
  beforeAll(async () => {
    hub = await serveHub({ 'org/deep': await generatedRepo(SHAPE) });
  });
  afterAll(() => hub.close());

  async function bring(ui: UiClient): Promise<void> {
    await ui.call(uiAct, { model: MODEL, act: 'fetch' });
    const left = async () => (await ui.call(uiStore, {})).models[0]?.card.downloadBytes;
    await expect.poll(left, { timeout: 60_000, interval: 50 }).toBe(0);
  }

  async function answerOf(page: Page): Promise<string> {
    const outcome = await infer(page, REQUEST);
    expect(outcome).toMatchObject({ ok: true });
    return outcome.ok ? outcome.value.text : '';
  }
  /** A note that the kill left empty says nothing. */
  const finished = async (page: Page) =>
    (await storedEntries(page)).filter(({ path, bytes }) => NOTE.test(path) && bytes > 0);
  async function entryText(page: Page): Promise<string | undefined> {
    const entry = (await storedEntries(page)).find(({ path }) => ENTRY.test(path));
    return entry && storedText(page, entry.path);
  }
  /** A part that is made again has a new file and a new note. */
  const expectKept = (before: readonly StoredEntry[], after: readonly StoredEntry[]) =>
    expect(after.filter(({ path }) => before.some((entry) => entry.path === path))).toEqual(before);

  it(`goes on where it was, ${KILLS} times, and ends with the same bytes as one that nobody killed`, async () => {
    const random = createRandom(20_261_124);
    let ui = await openUiClient(restarts.browser);
    await ui.call(uiSettingsSet, hubSettings(hub));
    let page = await restarts.visit('reader');
    expect(await allow(restarts.browser, page, { models: [MODEL], duration: 'always' })).toMatchObject({ ok: true });
    await bring(ui);
    const fetched = hub.requests.length;
    let before: readonly StoredEntry[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      // Evenly over what is left, so that the last one falls into the conversion as well.
      const left = Math.max(0, PARTS - SPARE - before.length);
      const goal = before.length + Math.floor((random.next() * 2 * left) / (KILLS - round + 1));
      // The browser that answers is about to be killed.
      infer(page, REQUEST).catch(() => {});
      await whenConverting(ui.page, goal);
      await restarts.killAndRestart();
      ui = await openUiClient(restarts.browser);
      expect(await entryText(ui.page), 'the kill fell into the conversion').toBeUndefined();
      const after = await finished(ui.page);
      expectKept(before, after);
      before = after;
      page = await restarts.visit('reader');
    }
    expect(before.length).toBeLessThan(PARTS);
    const answer = await answerOf(page);
    expectKept(before, await finished(ui.page));
    expect(hub.requests, 'what was downloaded and checked is not fetched again').toHaveLength(fetched);
    const entry = await entryText(ui.page);

    expect(await ui.call(uiModelUnload, { model: MODEL })).toEqual({ unloaded: true });
    expect(await ui.call(uiAct, { model: MODEL, act: 'remove' })).toEqual({ outcome: 'done' });
    expect((await storedEntries(ui.page)).filter(({ path }) => path.startsWith('artifacts/'))).toEqual([]);
    expect(await answerOf(page)).toBe(answer);
    expect(await entryText(ui.page)).toBe(entry);
  });
});
