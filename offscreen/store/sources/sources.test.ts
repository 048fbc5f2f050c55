import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Hub, serveHub } from '../../../test/support/hub/hub.ts';
import { repoOf } from '../../../test/support/hub/repo.ts';
import { listFolderModel } from './folder.ts';
import { listHubModel } from './hub.ts';

const live = () => new AbortController().signal;
const WEIGHTS = new Uint8Array(100_000).fill(7);
const small = {
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{}',
  'model.safetensors': WEIGHTS,
  'README.md': '# A model',
  'pytorch_model.bin': new Uint8Array(10),
  'consolidated.safetensors': new Uint8Array(10),
  'onnx/model_q4.onnx': new Uint8Array(20),
  'onnx/notes.txt': 'no',
};

let hub: Hub;
beforeAll(async () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`file${n}.txt`, 'x']));
  hub = await serveHub({
    'org/m': repoOf(small, { licence: 'apache-2.0' }),
    'org/secret': repoOf(small, { token: 'hf_secret' }),
    'org/many': repoOf({ ...many, ...small }),
  });
});
afterAll(() => hub.close());
afterEach(() => {
  hub.clearFaults();
  (hub.requests as unknown[]).length = 0;
});

const list = (repository: string, options: { token?: string; mirrors?: string[] } = {}) =>
  listHubModel(fetch, { hubUrl: hub.url, mirrors: [], repository, revision: 'main', ...options }, live());

describe('a hub', () => {
  it('is listed by what a model needs, each file with what the hub says of it', async () => {
    const model = await list('org/m', { mirrors: ['https://mirror.example'] });
    expect(model.files.map(({ path }) => path).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'onnx/model_q4.onnx',
      'tokenizer.json',
    ]);
    expect(model.licence).toBe('apache-2.0');
    const weights = model.files.find(({ path }) => path === 'model.safetensors');
    expect(weights).toMatchObject({ bytes: 100_000, expected: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(weights?.urls).toEqual([
      `${hub.url}/org/m/resolve/${model.commit}/model.safetensors`,
      `https://mirror.example/org/m/resolve/${model.commit}/model.safetensors`,
    ]);
    const config = model.files.find(({ path }) => path === 'config.json');
    expect(config?.expected).toEqual({ gitOid: expect.stringMatching(/^[0-9a-f]{40}$/) });
  });

  it('is listed to its end, however many files it has', async () => {
    expect((await list('org/many')).files.map(({ path }) => path)).toContain('model.safetensors');
  });

  it('shows private models to whoever has the token', async () => {
    await expect(list('org/secret')).rejects.toMatchObject({ kind: 'forbidden' });
    expect((await list('org/secret', { token: 'hf_secret' })).headers).toEqual({ authorization: 'Bearer hf_secret' });
  });

  it.each<[string, RegExp, string, string]>([
    ['no JSON', /revision/, '<html>', 'lying'],
    ['JSON of another kind', /revision/, '{"sha":1}', 'lying'],
    ['a huge answer', /tree/, `[${' '.repeat(9 * 2 ** 20)}]`, 'lying'],
    ['files outside the model', /tree/, entries('../../etc/passwd'), 'lying'],
    ['an absolute path', /tree/, entries('/etc/passwd'), 'lying'],
    ['a path of another system', /tree/, entries('a\\..\\b'), 'lying'],
    ['negative sizes', /tree/, entries('model.safetensors', -1), 'lying'],
  ])('is not believed when it answers with %s', async (_what, path, body, kind) => {
    hub.fault({ path }, { kind: 'body', body });
    await expect(list('org/m')).rejects.toMatchObject({ kind });
  });

  it.each([
    [401, 'forbidden'],
    [403, 'forbidden'],
    [404, 'missing'],
    [429, 'busy'],
    [500, 'broken'],
  ])('answers %d', async (status, kind) => {
    hub.fault({ path: /./ }, { kind: 'status', status, headers: { 'retry-after': '7' } });
    await expect(list('org/m')).rejects.toMatchObject({ kind, ...(status === 429 && { retryAfterMs: 7000 }) });
  });

  it('may not lead the list elsewhere', async () => {
    const elsewhere: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      const headers = new Headers(answer.headers);
      headers.set('link', '<http://169.254.169.254/latest>; rel="next"');
      return new Response(answer.body, { status: answer.status, headers });
    };
    const place = { hubUrl: hub.url, mirrors: [], repository: 'org/m', revision: 'main' };
    await expect(listHubModel(elsewhere, place, live())).rejects.toMatchObject({ kind: 'lying' });
  });
});

function entries(path: string, size = 1): string {
  return JSON.stringify([{ type: 'file', path, size, oid: 'a'.repeat(40) }]);
}

describe('a folder', () => {
  const folder = () => new URL(`${hub.url}/org/m/resolve/main/`);

  it('is found out by asking for what models usually have', async () => {
    const model = await listFolderModel(fetch, folder(), live());
    expect(model.files.map(({ path }) => path).sort()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    expect(model.files.find(({ path }) => path === 'model.safetensors')).toMatchObject({
      bytes: 100_000,
      expected: undefined,
    });
  });

  it('may have graphs alone, with weights in files that are called after them', async () => {
    const graphs = ['onnx/decoder_model_merged_q4.onnx', 'onnx/encoder_model.onnx', 'onnx/encoder_model.onnx_data'];
    hub.put('org/graphs', repoOf({ 'config.json': '{}', ...Object.fromEntries(graphs.map((path) => [path, 'x'])) }));
    const { files } = await listFolderModel(fetch, new URL(`${hub.url}/org/graphs/resolve/main/`), live());
    expect(files.map(({ path }) => path).sort()).toEqual(['config.json', ...graphs]);
    hub.put('org/graph', repoOf({ 'model.onnx': 'x' }));
    const alone = await listFolderModel(fetch, new URL(`${hub.url}/org/graph/resolve/main/`), live());
    expect(alone.files.map(({ path }) => path)).toEqual(['model.onnx']);
  });

  it('is held to its own list where it has one', async () => {
    const list = { files: [{ path: 'config.json', bytes: 5, sha256: 'b'.repeat(64) }], licence: 'mit' };
    hub.put('org/listed', repoOf({ ...small, 'webplat-model.json': JSON.stringify(list) }));
    const model = await listFolderModel(fetch, new URL(`${hub.url}/org/listed/resolve/main/`), live());
    expect(model.files).toMatchObject([{ path: 'config.json', bytes: 5, expected: { sha256: 'b'.repeat(64) } }]);
  });

  it('without a config is no model', async () => {
    hub.put('org/empty', repoOf({ 'README.md': 'x' }));
    await expect(listFolderModel(fetch, new URL(`${hub.url}/org/empty/resolve/main/`), live())).rejects.toMatchObject({
      kind: 'missing',
    });
  });

  it.each(['../secret.safetensors', 'notes.txt', '/model.safetensors'])(
    'is not believed about a shard %s',
    async (name) => {
      const index = JSON.stringify({ weight_map: { a: name } });
      hub.put('org/sharded', repoOf({ 'config.json': '{}', 'model.safetensors.index.json': index }));
      const where = new URL(`${hub.url}/org/sharded/resolve/main/`);
      await expect(listFolderModel(fetch, where, live())).rejects.toMatchObject({ kind: 'lying' });
    },
  );
});
