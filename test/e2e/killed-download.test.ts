import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uiAct } from '../../src/protocol/ui/ui-act.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiStore } from '../../src/protocol/ui/ui-store.ts';
import { checkModel } from '../support/check-model.ts';
import { type GeneratedShape, generatedRepo } from '../support/hub/generated.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOfFolder } from '../support/hub/repo.ts';
import { KILLS } from '../support/kills.ts';
import { createRandom } from '../support/random.ts';
import { useRestarts } from '../support/restarts.ts';
import { storedEntries } from '../support/stored-files.ts';
import { openUiClient, type UiClient } from '../support/ui-client.ts';

const MIB = 2 ** 20;
/** What an interruption may cost: a piece of each connection of the file. */
const CHUNK_BYTES = 8 * MIB;
const CONNECTIONS = 4;

/** 74 MiB: ten pieces, so that a kill finds some on disk and some on their way. */
const SHAPE: GeneratedShape = {
  vocabulary: 4096,
  hidden: 512,
  intermediate: 2048,
  layers: 8,
  heads: 8,
  keyValueHeads: 8,
  contextTokens: 512,
  shards: 1,
  seed: 11,
};
const KEPT = 'hf:org/storyteller';
const LARGE = 'hf:org/large';

// Each kill is a start of the browser; on a busy machine they add up.
describe('a browser that is killed while it downloads', { timeout: 60_000 + KILLS * 40_000 }, () => {
  const restarts = useRestarts();
  let hub: Hub;
  /** Bytes of the weights of the large model. */
  let total = 0;
  /** Where the hub serves them from. */
  let place = '';
  beforeAll(async () => {
    const large = await generatedRepo(SHAPE);
    const weights = large.files.get('model.safetensors');
    total = weights?.bytes ?? 0;
    place = `/cdn/${weights?.sha256}`;
    hub = await serveHub(
      { 'org/storyteller': await repoOfFolder('models/storyteller', { licence: 'mit' }), 'org/large': large },
      { bytesPerS: 20 * MIB },
    );
  });
  afterAll(() => hub.close());

  const modelOf = async (ui: UiClient, name: string) =>
    (await ui.call(uiStore, {})).models.find(({ card }) => card.name === name);
  const act = (ui: UiClient, model: string, what: 'fetch' | 'remove') => ui.call(uiAct, { model, act: what });
  const isWhole = async (ui: UiClient, name: string) => (await modelOf(ui, name))?.card.downloadBytes === 0;

  async function bring(ui: UiClient, name: string): Promise<void> {
    await act(ui, name, 'fetch');
    await expect.poll(() => isWhole(ui, name), { timeout: 60_000, interval: 50 }).toBe(true);
  }
  /** Bytes that went out for the large file, and ranges that any of them were of. */
  const served = () => {
    const requests = hub.requests.filter(({ path, sentBytes }) => path.startsWith(place) && sentBytes > 0);
    return {
      bytes: requests.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
      ranges: requests.map(({ range }) => range),
    };
  };
  const forget = () => {
    (hub.requests as unknown[]).length = 0;
  };

  it(`loses nothing that was checked, and at most a piece for each connection, ${KILLS} times`, async () => {
    const random = createRandom(20_261_123);
    let ui = await openUiClient(restarts.browser);
    await ui.call(uiSettingsSet, hubSettings(hub));
    await bring(ui, KEPT);
    const kept = await modelOf(ui, KEPT);
    for (let round = 0; round < KILLS; round += 1) {
      forget();
      await act(ui, LARGE, 'fetch');
      await hub.whenSent(Math.floor(total * (0.05 + 0.9 * random.next())));
      await restarts.killAndRestart();
      const before = served();
      ui = await openUiClient(restarts.browser);
      const after = await modelOf(ui, LARGE);
      expect(before.bytes, 'the kill fell into the download').toBeLessThan(total);
      expect(after?.card.downloadBytes, 'the kill fell into the download').toBeGreaterThan(0);
      forget();
      expect(await checkModel(ui, KEPT)).toMatchObject({ state: 'done', damagedFiles: 0 });
      expect(await modelOf(ui, KEPT)).toMatchObject({ storedBytes: kept?.storedBytes, card: { downloadBytes: 0 } });
      expect(hub.requests, 'a start fetches nothing by itself').toEqual([]);
      await bring(ui, LARGE);
      const resumed = served();
      const again = resumed.ranges.filter((range) => before.ranges.includes(range));
      expect(again.length).toBeLessThanOrEqual(CONNECTIONS);
      expect(before.bytes + resumed.bytes - total).toBeLessThanOrEqual(CONNECTIONS * CHUNK_BYTES);
      expect(await checkModel(ui, LARGE)).toMatchObject({ state: 'done', damagedFiles: 0 });
      expect(await act(ui, LARGE, 'remove')).toMatchObject({ outcome: 'done' });
    }
  });

  it('uses nothing that came wrong before it was killed, though the rest comes right', async () => {
    const ui = await openUiClient(restarts.browser);
    forget();
    hub.fault({ path: /^\/cdn\// }, { kind: 'corrupt', at: CHUNK_BYTES + 5 });
    await act(ui, LARGE, 'fetch');
    // More than the first pieces of all connections: the wrong one is on disk.
    await hub.whenSent(6 * CHUNK_BYTES);
    await restarts.killAndRestart();
    hub.clearFaults();
    const again = await openUiClient(restarts.browser);
    const kept = (await modelOf(again, LARGE))?.card;
    expect(kept?.downloadBytes).toBeGreaterThan(0);
    expect((await storedEntries(again.page)).filter(({ bytes }) => bytes === CHUNK_BYTES).length).toBeGreaterThan(1);
    await bring(again, LARGE);
    expect(await checkModel(again, LARGE)).toMatchObject({ state: 'done', damagedFiles: 0 });
    const second = `bytes=${CHUNK_BYTES}-${2 * CHUNK_BYTES - 1}`;
    expect(served().ranges.filter((range) => range === second)).toHaveLength(2);
  });
});
