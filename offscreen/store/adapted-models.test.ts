import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Hub, serveHub } from '../../test/support/hub/hub.ts';
import { repoOf } from '../../test/support/hub/repo.ts';
import { MemoryFolder } from '../../test/support/memory-folder.ts';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import { openUserFiles, picked } from '../../test/support/user-files.ts';

const TOKEN = 'hf_secret';
const CONFIG = JSON.stringify({ model_type: 'llama', max_position_embeddings: 64 });
const noise = (bytes: number, seed: number) =>
  Uint8Array.from({ length: bytes }, (_, at) => ((at + seed) * 2_654_435_761) >>> 24);
const MODEL = { 'config.json': CONFIG, 'tokenizer.json': '{"a":1}', 'model.safetensors': noise(90_000, 3) };
const adapterOf = (base: string | null, more: object = {}) => ({
  'adapter_config.json': JSON.stringify({ peft_type: 'LORA', base_model_name_or_path: base, ...more }),
  'adapter_model.safetensors': noise(70_000, 5),
  'tokenizer.json': '{"b":1}',
  'README.md': 'not needed',
});

let hub: Hub;
beforeAll(async () => {
  hub = await serveHub({
    'org/model': repoOf(MODEL),
    'org/hidden': repoOf({ ...MODEL, 'tokenizer.json': '{"c":1}' }, { token: TOKEN }),
    'org/adapter': repoOf(adapterOf('org/model')),
    'org/another': repoOf({ ...adapterOf('org/model'), 'adapter_model.safetensors': noise(70_000, 6) }),
    'org/own': repoOf(adapterOf('org/hidden'), { token: TOKEN }),
    'org/public': repoOf(adapterOf('org/hidden')),
    'org/nested': repoOf(adapterOf('org/adapter')),
    'org/nameless': repoOf(adapterOf(null)),
    'org/upwards': repoOf(adapterOf('../../etc')),
    'org/merged': repoOf({ ...MODEL, ...adapterOf('org/model') }),
    'org/graphs': repoOf({ 'config.json': CONFIG, 'model.onnx': noise(100, 1) }),
    'org/of-graphs': repoOf(adapterOf('org/graphs')),
  });
});
afterAll(() => hub.close());
afterEach(() => {
  (hub.requests as unknown[]).length = 0;
});

const live = () => new AbortController().signal;
const open = (token?: string, settings: object = {}, root = new MemoryFolder()) =>
  openMemoryStore(root, { settings: { hubUrl: hub.url, ...settings }, ...(token && { token }) });

describe('an adapter', { timeout: 20_000 }, () => {
  it('is its own files beside those of its model, which are brought once and known as the same', async () => {
    const store = await open();
    for (const name of ['hf:org/adapter', 'hf:org/model', 'hf:org/another']) await store.bring(name);
    const [adapter, model, another] = await Promise.all(
      ['hf:org/adapter', 'hf:org/model', 'hf:org/another'].map((name) => store.models.resolve(name, live())),
    );
    expect(adapter?.files.map(({ path }) => path).sort()).toEqual(
      [
        ...['adapter/adapter_config.json', 'adapter/adapter_model.safetensors', 'adapter/tokenizer.json'],
        ...Object.keys(MODEL),
      ].sort(),
    );
    expect(adapter?.base?.contentHash).toBe(model?.contentHash);
    expect(another?.base).toEqual(adapter?.base);
    expect(new Set([adapter, model, another].map((one) => one?.contentHash)).size).toBe(3);
    expect(model?.base).toBeUndefined();
    expect(adapter?.card).toMatchObject({
      description: expect.stringMatching(/^Adapter of hf:org\/model/),
      tasks: model?.card.tasks,
    });
    const weights = hub.requests.filter(({ path, sentBytes }) => path.startsWith('/cdn/') && sentBytes > 80_000);
    expect(weights).toHaveLength(1);
    const textOf = async (path: string) => Buffer.from(await store.contentOf('hf:org/adapter', path)).toString();
    expect(await textOf('adapter/tokenizer.json')).toBe('{"b":1}');
    expect(await textOf('tokenizer.json')).toBe('{"a":1}');
  });

  it('keeps what it needs of its model when that is removed, and leaves the model whole', async () => {
    const store = await open();
    for (const name of ['hf:org/adapter', 'hf:org/model']) await store.bring(name);
    await store.models.forget('hf:org/model');
    expect(
      Buffer.compare(await store.contentOf('hf:org/adapter', 'model.safetensors'), MODEL['model.safetensors']),
    ).toBe(0);
    await store.bring('hf:org/model');
    await store.models.forget('hf:org/adapter');
    expect(Buffer.compare(await store.contentOf('hf:org/model', 'model.safetensors'), MODEL['model.safetensors'])).toBe(
      0,
    );
    await store.models.forget('hf:org/model');
    expect((await store.fileStore.stored()).size).toBe(0);
  });

  it('of a private model is brought with the token, by the hub alone', async () => {
    const store = await open(TOKEN);
    await store.bring('hf:org/own');
    await store.bring('hf:org/public');
    expect(
      hub.requests.filter(({ path }) => path.startsWith('/cdn/')).every(({ authorization }) => !authorization),
    ).toBe(true);
    expect(await store.models.describe('hf:org/public', live())).toBe('private');
    await expect((await open()).bring('hf:org/public')).rejects.toMatchObject({ code: 'download-refused' });
  });

  it('on a web server is not what gives a private model of the hub away', async () => {
    const store = await open(TOKEN, { models: ['hf:*', `${hub.url}/*`] });
    const folder = `${hub.url}/org/public/resolve/main/`;
    await expect(store.bring(folder)).rejects.toMatchObject({ code: 'download-refused' });
    expect(hub.requests.length).toBeGreaterThan(0);
    expect(hub.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
    await store.bring(`${hub.url}/org/adapter/resolve/main/`);
    expect(hub.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('needs a model that may be downloaded', async () => {
    const store = await open(undefined, { models: ['hf:org/adapter'] });
    await expect(store.bring('hf:org/adapter')).rejects.toMatchObject({ code: 'download-refused' });
    expect(await store.models.records()).toEqual([]);
  });

  it.each([
    ['of another adapter', 'nested', 'model-unsupported', 'is an adapter itself'],
    ['of nothing', 'nameless', 'model-unsupported', 'which is no repository of a hub'],
    ['of a path', 'upwards', 'model-unsupported', 'which is no repository of a hub'],
    ['of exported graphs', 'of-graphs', 'model-unsupported', 'take no adapters'],
  ])('%s is refused', async (_what, name, code, reason) => {
    const store = await open();
    await expect(store.bring(`hf:org/${name}`)).rejects.toMatchObject({
      code,
      data: { reason: expect.stringContaining(reason) },
    });
    expect(await store.models.records()).toEqual([]);
  });

  it('that was worked into the weights beside it is left out', async () => {
    const store = await open();
    await store.bring('hf:org/merged');
    const merged = await store.models.resolve('hf:org/merged', live());
    expect(merged?.base).toBeUndefined();
    expect(merged?.files.map(({ path }) => path).sort()).toEqual(Object.keys(MODEL).sort());
  });

  it('is taken in from a folder beside the files of its model, and says so where it is alone', async () => {
    const bench = openUserFiles();
    const own = Object.entries(adapterOf('org/model')).filter(([path]) => path !== 'README.md');
    const whole = { ...MODEL, ...Object.fromEntries(own.map(([path, content]) => [`adapter/${path}`, content])) };
    expect(await bench.import('file:tuned', picked(whole))).toMatchObject({ state: 'done' });
    const manifest = await bench.models.resolve('file:tuned');
    expect(manifest?.base?.contentHash).toMatch(/^[0-9a-f]{64}$/);
    expect(manifest?.card.description).toBe('Adapter of a llama model');
    const archive = await bench.user.exportModel('file:tuned');
    const elsewhere = openUserFiles();
    const job = await elsewhere.ended(await elsewhere.user.restore(archive, 'file:tuned'));
    expect(job).toMatchObject({ state: 'done' });
    expect(await elsewhere.models.resolve('file:tuned')).toEqual(manifest);
    expect(await bench.import('file:alone', picked(Object.fromEntries(own)))).toMatchObject({
      state: 'failed',
      error: { data: { reason: expect.stringContaining('beside the files of its model') } },
    });
  });
});
