import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Fault, FaultRule } from '../../test/support/hub/faults.ts';
import { type Hub, serveHub } from '../../test/support/hub/hub.ts';
import { repoOf } from '../../test/support/hub/repo.ts';
import { MemoryFolder } from '../../test/support/memory-folder.ts';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import { createRandom } from '../../test/support/random.ts';
import { CHUNK_BYTES } from './chunked-files.ts';
import { fetchJson } from './sources/fetch-json.ts';
import { SourceFault } from './transfer/fault.ts';
import type { AllowedFetch } from './transfer/fetch-range.ts';

const CONFIG = JSON.stringify({ model_type: 'llama', max_position_embeddings: 64 });
const WEIGHTS = Uint8Array.from({ length: CHUNK_BYTES + 4321 }, (_, at) => (at * 2_654_435_761) >>> 24);
const FILES = { 'config.json': CONFIG, 'tokenizer.json': '{"a":1}', 'model.safetensors': WEIGHTS };
const MODEL = 'hf:org/m';

const INFO = /\/api\/models\/.*\/revision\//;
const TREE = /\/api\/models\/.*\/tree\//;
const CONFIG_FILE = /\/config\.json$/;
const RESOLVE = /\/resolve\/.*safetensors/;
const CDN = /^\/cdn\//;

let hub: Hub;
beforeAll(async () => {
  const shards = Array.from({ length: 10_000 }, (_, at) => [`model-${at}-of-10000.safetensors`, 'x']);
  const others = Array.from({ length: 10_000 }, (_, at) => [`notes-${at}.md`, 'x']);
  hub = await serveHub({
    'org/m': repoOf(FILES),
    'org/shards': repoOf({ 'config.json': CONFIG, ...Object.fromEntries(shards) }),
    'org/notes': repoOf({ ...FILES, ...Object.fromEntries(others) }),
    'org/config': repoOf({ ...FILES, 'config.json': `{"model_type":"llama","x":"${'x'.repeat(5 * 2 ** 20)}"}` }),
  });
});
afterAll(() => hub.close());
afterEach(() => {
  hub.clearFaults();
  (hub.requests as unknown[]).length = 0;
});

const status = (code: number, headers?: Record<string, string>): Fault => ({
  kind: 'status',
  status: code,
  ...(headers && { headers }),
});
const body = (text: string): Fault => ({ kind: 'body', body: text });
const entries = (path: string) => JSON.stringify([{ type: 'file', path, size: 1, oid: 'a'.repeat(40) }]);
const openStore = (root = new MemoryFolder(), fetch?: AllowedFetch) =>
  openMemoryStore(root, { settings: { hubUrl: hub.url }, ...(fetch && { fetch }) });
type Store = Awaited<ReturnType<typeof openStore>>;

async function expectRight(store: Store, name = MODEL): Promise<void> {
  for (const [path, content] of Object.entries(FILES)) {
    expect(Buffer.compare(await store.contentOf(name, path), Buffer.from(content)), path).toBe(0);
  }
}

describe('a model whose hub', { timeout: 60_000 }, () => {
  it.each<[string, FaultRule, Fault, string, object?]>([
    ['wants to know who asks', { path: INFO }, status(401), 'download-refused'],
    ['refuses', { path: INFO }, status(403), 'download-refused'],
    ['refuses to list files', { path: TREE }, status(403), 'download-refused'],
    ['refuses a file', { path: RESOLVE }, status(403), 'download-refused'],
    ['has lost a file', { path: RESOLVE }, status(404), 'download-failed'],
    ['is busy', { path: INFO }, status(429, { 'retry-after': '7' }), 'download-failed', { retryAfterMs: 7000 }],
    ['is busy for ever', { path: CDN }, status(429, { 'retry-after': '0' }), 'download-failed', { retryAfterMs: 0 }],
    ['fails to describe it', { path: INFO }, status(500), 'download-failed'],
    ['fails for ever', { path: CDN }, status(502), 'download-failed'],
    ['redirects in a circle', { path: INFO }, { kind: 'loop' }, 'download-failed'],
    ['redirects a file in a circle', { path: RESOLVE }, { kind: 'loop' }, 'download-failed'],
    ['never sends as much as it says', { path: CDN }, { kind: 'wrong-length' }, 'download-failed'],
    ['sends another range', { path: CDN }, { kind: 'wrong-range' }, 'download-failed'],
    ['changes a file meanwhile', { path: CDN, skip: 1 }, { kind: 'etag', etag: '"new"' }, 'download-failed'],
    ['changes a byte', { path: CDN }, { kind: 'corrupt', at: CHUNK_BYTES + 9 }, 'model-corrupt'],
    ['changes a byte of a small file', { path: CONFIG_FILE }, { kind: 'corrupt', at: 3 }, 'model-corrupt'],
    ['breaks every connection', { path: CDN }, { kind: 'reset', after: 1000 }, 'download-failed'],
    ['answers with a page', { path: INFO }, body('<html>'), 'download-failed'],
    ['lists without end', { path: TREE }, body(`[${' '.repeat(9 * 2 ** 20)}]`), 'download-failed'],
    ['lists what it likes', { path: TREE }, body('[{"type":"file"}]'), 'download-failed'],
    ['nests without end', { path: TREE }, body('['.repeat(200_000)), 'download-failed'],
    ['lists files outside', { path: TREE }, body(entries('../../secret.safetensors')), 'download-failed'],
    ['lists files inside and outside', { path: TREE }, body(entries('onnx/../../x.onnx')), 'download-failed'],
  ])('%s ends in a typed error, and is whole once the hub is well', async (_what, rule, fault, code, data) => {
    hub.fault(rule, fault);
    const store = await openStore();
    await expect(store.bring(MODEL)).rejects.toMatchObject({ code, ...(data && { data }) });
    hub.clearFaults();
    await store.bring(MODEL);
    await expectRight(store);
  });

  it('does not have it is known to nobody', async () => {
    const store = await openStore();
    expect(await store.models.resolve('hf:org/nothing')).toBeUndefined();
    hub.fault({ path: INFO }, status(404));
    expect(await store.models.resolve(MODEL)).toBeUndefined();
    expect(await store.models.records()).toEqual([]);
  });

  it.each<[string, FaultRule, Fault]>([
    ['fails four times in a row', { path: CDN, times: 4 }, status(500)],
    ['is busy for a while', { path: CDN, times: 2 }, status(429, { 'retry-after': '1' })],
    ['is down for a while', { path: RESOLVE, times: 2 }, status(503)],
    ['sends less than it says once', { path: CDN, times: 1 }, { kind: 'wrong-length' }],
    ['knows no ranges', { path: CDN }, { kind: 'no-ranges' }],
    ['compresses files unasked', { path: CDN }, { kind: 'gzip' }],
    ['compresses small files unasked', { path: CONFIG_FILE }, { kind: 'gzip' }],
    ['is slow', { path: CDN }, { kind: 'drip', bytesPerS: 4_000_000 }],
  ])('%s gives the right files', async (_what, rule, fault) => {
    hub.fault(rule, fault);
    const store = await openStore();
    await store.bring(MODEL);
    await expectRight(store);
  });

  it('breaks connections at any byte gives the right files', async () => {
    const random = createRandom(8);
    for (let round = 0; round < 8; round += 1) {
      hub.clearFaults();
      for (let n = 0; n < 3; n += 1) {
        hub.fault({ path: CDN, times: 1 }, { kind: 'reset', after: random.below(CHUNK_BYTES) });
      }
      const store = await openStore();
      await store.bring(MODEL);
      await expectRight(store);
    }
  });

  it('redirects to where the settings do not allow is refused, with the host that did', async () => {
    // What the frame that requests are made from answers then; that it does is what the jail's own tests say.
    const jailed: AllowedFetch = (url, init) => {
      if (!CDN.test(new URL(url).pathname) && !RESOLVE.test(url)) return fetch(url, init);
      throw new SourceFault('refused', `${new URL(url).host} redirects to a host that the settings do not allow.`);
    };
    const store = await openStore(new MemoryFolder(), jailed);
    await expect(store.bring(MODEL)).rejects.toMatchObject({
      code: 'download-refused',
      data: { reason: expect.stringContaining('redirects to a host that the settings do not allow') },
    });
  });

  it('has ten thousand other files is listed, and is not believed about ten thousand of the model', async () => {
    const store = await openStore();
    await store.bring('hf:org/notes');
    await expectRight(store, 'hf:org/notes');
    await expect(store.bring('hf:org/shards')).rejects.toMatchObject({
      code: 'download-failed',
      data: { reason: 'The model has too many files.' },
    });
  });

  it('lists pages without end is not believed', async () => {
    const endless: AllowedFetch = async (url, init) => {
      const answer = await fetch(url, init);
      if (!TREE.test(url)) return answer;
      const headers = { link: `<${url.split('?')[0]}?cursor=${Math.random()}>; rel="next"` };
      return new Response('[]', { status: 200, headers });
    };
    await expect((await openStore(new MemoryFolder(), endless)).bring(MODEL)).rejects.toMatchObject({
      code: 'download-failed',
      data: { reason: 'The model has too many files.' },
    });
  });

  it('has a configuration of unreasonable size is not asked for it', async () => {
    await expect((await openStore()).bring('hf:org/config')).rejects.toMatchObject({
      code: 'model-corrupt',
      data: { reason: 'config.json is too long.' },
    });
    expect(hub.requests.filter(({ path }) => /resolve|cdn/.test(path))).toEqual([]);
  });
});

describe('a list', () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['before its answer', () => new Promise<Response>(() => {})],
    [
      'in the middle',
      async () => new Response(new ReadableStream({ start: (body) => body.enqueue(Uint8Array.of(91)) })),
    ],
  ])('is given up when the hub goes silent %s', async (_when, answer) => {
    vi.useFakeTimers();
    const outcome = fetchJson(answer, 'https://hub.example/list', {}, new AbortController().signal).catch(
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await outcome).toMatchObject({ kind: 'broken', message: 'The connection went silent.' });
  });
});
