import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Hub, serveHub } from '../../test/support/hub/hub.ts';
import { repoOf } from '../../test/support/hub/repo.ts';
import { MemoryFolder } from '../../test/support/memory-folder.ts';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import { createRandom } from '../../test/support/random.ts';
import { CHUNK_BYTES } from './chunked-files.ts';
import { createModelReader } from './model-reader.ts';

const CONFIG = JSON.stringify({ model_type: 'llama', max_position_embeddings: 64 });
const noise = (bytes: number, seed: number) =>
  Uint8Array.from({ length: bytes }, (_, at) => ((at + seed) * 2_654_435_761) >>> 24);
/** Two whole chunks and a piece. */
const WEIGHTS = noise(2 * CHUNK_BYTES + 1234, 0);
const SMALL = { 'config.json': CONFIG, 'tokenizer.json': '{"a":[1,2,3]}', 'model.safetensors': noise(50_000, 3) };
const OTHER = { ...SMALL, 'tokenizer.json': '{"b":1}', 'model.safetensors': noise(40_000, 9) };

let hub: Hub;
beforeAll(async () => {
  hub = await serveHub({
    'org/small': repoOf(SMALL),
    'org/other': repoOf(OTHER),
    'org/large': repoOf({ ...SMALL, 'model.safetensors': WEIGHTS }),
  });
});
afterAll(() => hub.close());
afterEach(() => {
  hub.clearFaults();
  (hub.requests as unknown[]).length = 0;
});

const live = () => new AbortController().signal;
const storeIn = (root: MemoryFolder, settings: Parameters<typeof openMemoryStore>[1]['settings'] | object = {}) =>
  openMemoryStore(root, { settings: { hubUrl: hub.url, ...settings } });
type Store = Awaited<ReturnType<typeof storeIn>>;

async function expectWhole(
  { models, contentOf }: Store,
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
) {
  for (const [path, content] of Object.entries(files)) {
    expect(Buffer.compare(await contentOf(name, path), Buffer.from(content)), path).toBe(0);
  }
  expect((await models.list()).find(({ card }) => card.name === name)?.card.downloadBytes).toBe(0);
}

/** Brings chunk 0 of a file and gives the rest up, as a browser that ends does. */
async function bringFirstChunk(store: Store, name: string): Promise<void> {
  const manifest = await store.models.resolve(name, live());
  if (!manifest) throw new Error('There is no such model.');
  hub.fault({ path: /^\/cdn\//, skip: 1 }, { kind: 'stall', after: 1000 });
  const abort = new AbortController();
  const files = store.models.open(manifest, abort.signal, () => {});
  await files.open('model.safetensors');
  await files.chunk('model.safetensors', 0);
  abort.abort(new Error('left'));
  await expect(files.checked(['model.safetensors'])).rejects.toThrow('left');
  hub.clearFaults();
}

describe('the model store', { timeout: 20_000 }, () => {
  let root: MemoryFolder;
  beforeEach(() => {
    root = new MemoryFolder();
  });

  it('brings a model, and knows all of it as here, however often it is looked at meanwhile', async () => {
    const store = await storeIn(root);
    let done = false;
    const bringing = store.bring('hf:org/small').finally(() => {
      done = true;
    });
    while (!done) {
      await Promise.all([store.models.records(), store.fileStore.stored(), store.fileStore.partialBytes()]);
      // Nothing of this waits for anything outside, and what is looked at does.
      await setImmediate();
    }
    await bringing;
    await expectWhole(store, 'hf:org/small', SMALL);
    await expectWhole(await storeIn(root), 'hf:org/small', SMALL);
  });

  it('is whole and leaves nothing behind, whichever change of the disk was the last before the browser ended', async () => {
    for (let changes = 0, ended = false; !ended; changes += 1) {
      const before = new MemoryFolder();
      before.room.changes = changes;
      ended = await storeIn(before)
        .then(({ bring }) => bring('hf:org/small'))
        .then(
          () => true,
          () => false,
        );
      const after = before.copy();
      const store = await storeIn(after);
      await store.tidyUp();
      for (const { card } of await store.models.list()) expect(card.name).toBe('hf:org/small');
      await store.bring('hf:org/small');
      await expectWhole(store, 'hf:org/small', SMALL);
      await expectGone(store, after);
    }
  });

  it('is removed altogether, or listed so that it can be removed again, whenever the browser ended', async () => {
    const full = new MemoryFolder();
    await (await storeIn(full)).bring('hf:org/small');
    for (let changes = 0, ended = false; !ended; changes += 1) {
      const before = full.copy();
      const { disk, models } = await storeIn(before);
      const record = await models.record('hf:org/small');
      if (!record) throw new Error('The model is there.');
      before.room.changes = changes;
      await disk.remove(record).catch(() => {});
      ended = before.room.changes > 0;
      const after = before.copy();
      const store = await storeIn(after);
      await store.tidyUp();
      await expectGone(store, after);
    }
  });

  async function expectGone({ models, disk }: Store, folder: MemoryFolder) {
    const record = await models.record('hf:org/small');
    if (record) await disk.remove(record);
    expect(await models.list()).toEqual([]);
    expect(folder.bytes).toBe(0);
  }

  it('says when the disk is full, whatever did not fit, leaves others alone and goes on when there is room', async () => {
    const full = new MemoryFolder();
    await (await storeIn(full)).bring('hf:org/other');
    const whole = full.copy();
    await (await storeIn(whole)).bring('hf:org/small');
    const random = createRandom(4);
    for (let round = 0; round < 30; round += 1) {
      const tight = full.copy();
      tight.room.bytes = random.below(whole.bytes - full.bytes);
      const store = await storeIn(tight);
      await expect(store.bring('hf:org/small'), `${tight.room.bytes} bytes left`).rejects.toMatchObject({
        code: 'storage-full',
        message: expect.stringContaining('no room on disk'),
      });
      await expectWhole(store, 'hf:org/other', OTHER);
      tight.room.bytes = Number.POSITIVE_INFINITY;
      await store.bring('hf:org/small');
      await expectWhole(store, 'hf:org/small', SMALL);
    }
  });

  it('asks for room for what is still to come alone', async () => {
    const budget = { diskBudgetBytes: Math.ceil(WEIGHTS.byteLength * 1.5) };
    await bringFirstChunk(await storeIn(root, budget), 'hf:org/large');
    const store = await storeIn(root, budget);
    await store.bring('hf:org/large');
    await expectWhole(store, 'hf:org/large', { 'model.safetensors': WEIGHTS });
    await expect(
      (await storeIn(new MemoryFolder(), { diskBudgetBytes: WEIGHTS.byteLength })).bring('hf:org/large'),
    ).rejects.toMatchObject({
      code: 'storage-full',
      data: { quota: WEIGHTS.byteLength },
    });
  });

  it('gives no text out before it was checked', async () => {
    const store = await storeIn(root);
    hub.fault({ path: /tokenizer\.json/ }, { kind: 'corrupt', at: 6 });
    const manifest = await store.models.resolve('hf:org/small');
    if (!manifest) throw new Error('There is no such model.');
    const reader = () =>
      createModelReader(
        manifest.files,
        store.models.open(manifest, live(), () => {}),
        live(),
        async () => store.files,
      );
    await expect(reader().text('tokenizer.json')).rejects.toMatchObject({ code: 'model-corrupt' });
    hub.clearFaults();
    expect(await reader().json('tokenizer.json')).toEqual({ a: [1, 2, 3] });
    expect(store.wrong).toEqual([manifest.contentHash]);
  });

  it('tells those who read what turned out wrong, though the right file came in the end', async () => {
    hub.fault({ path: /^\/cdn\//, times: 1 }, { kind: 'corrupt', at: 5 });
    await bringFirstChunk(await storeIn(root), 'hf:org/large');
    const store = await storeIn(root);
    const manifest = await store.models.resolve('hf:org/large');
    if (!manifest) throw new Error('There is no such model.');
    const reader = () =>
      createModelReader(
        manifest.files,
        store.models.open(manifest, live(), () => {}),
        live(),
        async () => store.files,
      );
    const early = reader();
    const bytes = await early.open('model.safetensors');
    expect((await bytes.read(0, 8))[5]).not.toBe(WEIGHTS[5]);
    await expect(early.checked(['model.safetensors'])).rejects.toMatchObject({ code: 'download-failed' });
    const late = reader();
    expect(Buffer.compare(await (await late.open('model.safetensors')).read(0, WEIGHTS.byteLength), WEIGHTS)).toBe(0);
    await late.checked(['model.safetensors']);
    // What was made of the first ones is not taken for made of these.
    expect(await late.identity('model.safetensors')).not.toBe(await early.identity('model.safetensors'));
  });

  it('never mixes two versions of a file of which nobody says what it is', async () => {
    const name = `${hub.url}/org/plain/resolve/main/`;
    const next = noise(WEIGHTS.byteLength, 77);
    hub.put('org/plain', repoOf({ 'config.json': CONFIG, 'model.safetensors': WEIGHTS }));
    const settings = { models: ['http:*'] };
    await bringFirstChunk(await storeIn(root, settings), name);
    hub.put('org/plain', repoOf({ 'config.json': CONFIG, 'model.safetensors': next }));
    const store = await storeIn(root, settings);
    await expect(store.bring(name)).rejects.toMatchObject({ code: 'download-failed' });
    await store.bring(name);
    await expectWhole(store, name, { 'model.safetensors': next });
  });

  it('goes on with a file of which nobody says what it is while its server calls it the same', async () => {
    const name = `${hub.url}/org/plain/resolve/main/`;
    hub.put('org/plain', repoOf({ 'config.json': CONFIG, 'model.safetensors': WEIGHTS }));
    const settings = { models: ['http:*'] };
    await bringFirstChunk(await storeIn(root, settings), name);
    (hub.requests as unknown[]).length = 0;
    const store = await storeIn(root, settings);
    await store.bring(name);
    await expectWhole(store, name, { 'model.safetensors': WEIGHTS });
    expect(hub.requests.filter(({ range }) => range === `bytes=0-${CHUNK_BYTES - 1}`)).toEqual([]);
  });
});
