import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { pause } from '../../src/shared/abort.ts';
import { type Hub, serveHub } from '../../test/support/hub/hub.ts';
import { fileOf, repoOf } from '../../test/support/hub/repo.ts';
import { MemoryFolder } from '../../test/support/memory-folder.ts';
import { CHUNK_BYTES, createChunkedFiles } from './chunked-files.ts';
import { createFileStore } from './file-store.ts';
import { startFileHash } from './hash/file-hash.ts';
import type { FileRequest } from './obtain.ts';
import { findInBrowser } from './sources/cross-origin-storage.ts';

/** Two whole chunks and a piece. */
const CONTENT = Uint8Array.from({ length: 2 * CHUNK_BYTES + 1234 }, (_, at) => (at * 2_654_435_761) >>> 24);
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const NAME = 'model.safetensors';
const PATH = /\/cdn\//;

let hub: Hub;
let mirror: Hub;
beforeAll(async () => {
  const repo = repoOf({ [NAME]: fileOf(NAME, CONTENT) });
  [hub, mirror] = await Promise.all([serveHub({ 'org/m': repo }), serveHub({ 'org/m': repo })]);
});
afterAll(async () => {
  await Promise.all([hub.close(), mirror.close()]);
});

const live = () => new AbortController().signal;
const sourceOf = (from: Hub) => ({ name: from.url, url: `${from.url}/org/m/resolve/main/${NAME}` });
const request = (sources: FileRequest['sources'] = [sourceOf(hub)]): FileRequest => ({
  key: SHA256,
  bytes: CONTENT.byteLength,
  expected: { sha256: SHA256 },
  sources,
});

describe('file store', { timeout: 20_000 }, () => {
  let root: MemoryFolder;
  let liars: string[];
  beforeEach(() => {
    root = new MemoryFolder();
    liars = [];
  });
  afterEach(() => {
    for (const each of [hub, mirror]) {
      each.clearFaults();
      (each.requests as unknown[]).length = 0;
    }
  });

  function open() {
    const files = createChunkedFiles(root.handle);
    const store = createFileStore({
      root: root.handle,
      files,
      hash: (file) => startFileHash(files, file),
      fetch: (url, init) => fetch(url, init),
      connections: 3,
      now: () => performance.now(),
      // Pauses are as long as the product's, only the clock is quicker.
      pause: (ms, signal) => pause(ms / 50, signal),
      throttle() {},
      onLiar: (source) => void liars.push(source),
      findInBrowser,
    });
    return { store, files };
  }

  const obtain = async (sources?: FileRequest['sources'], signal = live()) => {
    const { store, files } = open();
    const { stored } = await store.fetch(request(sources), signal);
    const { file, sha256 } = await stored;
    const blob = await files.blob(file);
    return { sha256, content: new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)) };
  };
  const expectContent = (found: { sha256: string; content: Uint8Array }) => {
    expect(found.sha256).toBe(SHA256);
    expect(Buffer.compare(found.content, CONTENT)).toBe(0);
  };
  const sentBy = (from: Hub) => from.requests.reduce((sum, { sentBytes }) => sum + sentBytes, 0);

  it('fetches in ranges, checks the content and finds it again', async () => {
    expectContent(await obtain());
    expect(sentBy(hub)).toBe(CONTENT.byteLength);
    expect(hub.requests.filter(({ range }) => range).length).toBeGreaterThanOrEqual(3);
    expect(await open().store.find(SHA256)).toMatchObject({ sha256: SHA256 });
    expectContent(await obtain());
    const { store } = open();
    expect(await store.check(SHA256)).toBe('intact');
  });

  describe('in a browser that has files by their hash', () => {
    afterEach(() => vi.unstubAllGlobals());
    const offer = (content: Uint8Array<ArrayBuffer> | undefined) => {
      const asked: unknown[] = [];
      const requestFileHandle = async (hash: unknown) => {
        asked.push(hash);
        if (!content) throw new DOMException('', 'NotFoundError');
        return { getFile: async () => new Blob([content]) };
      };
      vi.stubGlobal('navigator', { crossOriginStorage: { requestFileHandle } });
      return asked;
    };

    it('takes what is there, checks it, and downloads nothing', async () => {
      const asked = offer(CONTENT);
      expectContent(await obtain());
      expect(asked).toEqual([{ algorithm: 'SHA-256', value: SHA256 }]);
      expect(sentBy(hub)).toBe(0);
    });

    it.each([
      ['nothing', undefined],
      ['a file of another length', CONTENT.slice(1)],
      ['a file that is another', CONTENT.map((byte) => byte ^ 1)],
    ])('downloads where there is %s', async (_, content) => {
      offer(content);
      expectContent(await obtain());
      expect(sentBy(hub)).toBe(CONTENT.byteLength);
      expect(liars).toEqual([]);
    });
  });

  it('asks where redirects led to directly, and sends tokens only to where they belong', async () => {
    const [source] = request().sources;
    if (!source) throw new Error('There is a source.');
    await obtain([{ ...source, headers: { authorization: 'Bearer secret' } }]);
    const resolved = hub.requests.filter(({ path }) => path.includes('/resolve/'));
    const direct = hub.requests.filter(({ path }) => path.includes('/cdn/'));
    expect(resolved.length).toBeLessThan(direct.length);
    expect(resolved.every(({ authorization }) => authorization === 'Bearer secret')).toBe(true);
    expect(direct.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('fetches once for all who ask at once, and goes on when one of them leaves', async () => {
    const { store } = open();
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const [first, second] = [
      await store.fetch(request(), leaving.signal),
      await store.fetch(request(), staying.signal),
    ];
    expect(second).toBe(first);
    leaving.abort(new Error('left'));
    expect(await second.stored).toMatchObject({ sha256: SHA256 });
    expect(sentBy(hub)).toBe(CONTENT.byteLength);
  });

  it('keeps what arrived before it was aborted, and fetches only the rest', async () => {
    const { store } = open();
    const abort = new AbortController();
    hub.fault({ path: PATH, skip: 1 }, { kind: 'stall', after: 1000 });
    const job = await store.fetch(request(), abort.signal);
    await job.chunk(0, live());
    abort.abort(new Error('enough'));
    await expect(job.stored).rejects.toThrow('enough');
    hub.clearFaults();
    const before = sentBy(hub);
    expectContent(await obtain());
    expect(sentBy(hub) - before).toBeLessThanOrEqual(CONTENT.byteLength - CHUNK_BYTES);
  });

  it('brings the chunk first that somebody waits for', async () => {
    const { store } = open();
    const order: number[] = [];
    const job = await store.fetch({ ...request(), sources: [sourceOf(hub)] }, live());
    await Promise.all([2, 0].map((index) => job.chunk(index, live()).then(() => order.push(index))));
    expect(order).toHaveLength(2);
    await job.stored;
    const ranges = hub.requests.filter(({ path }) => path.includes('/cdn/')).map(({ range }) => range);
    expect(ranges.slice(0, 2)).toContain(`bytes=${2 * CHUNK_BYTES}-${CONTENT.byteLength - 1}`);
  });

  it.each<[string, Parameters<Hub['fault']>]>([
    [
      '500 twice',
      [
        { path: PATH, times: 2 },
        { kind: 'status', status: 500 },
      ],
    ],
    [
      '429 with Retry-After',
      [
        { path: PATH, times: 1 },
        { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
      ],
    ],
    [
      'a connection reset in the middle',
      [
        { path: PATH, times: 2 },
        { kind: 'reset', after: 100_000 },
      ],
    ],
    ['a body shorter than it says', [{ path: PATH, times: 1 }, { kind: 'wrong-length' }]],
    ['a server without ranges', [{ path: PATH }, { kind: 'no-ranges' }]],
    [
      'an address that expired',
      [
        { path: PATH, times: 1, skip: 1 },
        { kind: 'status', status: 403 },
      ],
    ],
  ])('gets over %s', async (_what, fault) => {
    hub.fault(...fault);
    expectContent(await obtain());
  });

  it.each<[string, Parameters<Hub['fault']>, string]>([
    ['404', [{ path: /resolve/ }, { kind: 'status', status: 404 }], 'download-failed'],
    ['401', [{ path: /resolve/ }, { kind: 'status', status: 401 }], 'download-refused'],
    ['403', [{ path: /resolve/ }, { kind: 'status', status: 403 }], 'download-refused'],
    ['500 for ever', [{ path: PATH }, { kind: 'status', status: 500 }], 'download-failed'],
    ['another range than asked for', [{ path: PATH }, { kind: 'wrong-range' }], 'download-failed'],
    [
      'a file that changes meanwhile',
      [
        { path: PATH, skip: 1 },
        { kind: 'etag', etag: '"new"' },
      ],
      'download-failed',
    ],
    ['a redirect loop', [{ path: /resolve/ }, { kind: 'loop' }], 'download-failed'],
    ['a body that was compressed unasked', [{ path: PATH }, { kind: 'gzip' }], ''],
  ])('%s', async (_what, fault, code) => {
    hub.fault(...fault);
    // Compression is undone by the browser before anybody sees it.
    if (code === '') expectContent(await obtain());
    else await expect(obtain()).rejects.toMatchObject({ code });
  });

  it('refuses a file with another content, and keeps nothing of it', async () => {
    hub.fault({ path: PATH }, { kind: 'corrupt', at: CHUNK_BYTES + 5 });
    await expect(obtain()).rejects.toMatchObject({ code: 'model-corrupt' });
    const { store, files } = open();
    expect(await store.find(SHA256)).toBeUndefined();
    expect(await files.ids()).toEqual([]);
    hub.clearFaults();
    expectContent(await obtain());
  });

  it('takes chunks from several sources, and all of them when one fails', async () => {
    expectContent(await obtain([sourceOf(hub), sourceOf(mirror)]));
    expect(sentBy(hub)).toBeGreaterThan(0);
    expect(sentBy(mirror)).toBeGreaterThan(0);
    root = new MemoryFolder();
    mirror.fault({ path: /./ }, { kind: 'status', status: 404 });
    expectContent(await obtain([sourceOf(hub), sourceOf(mirror)]));
  });

  it('finds out which source sends something else, and gets the file from the one that vouches for it', async () => {
    mirror.fault({ path: PATH }, { kind: 'corrupt', at: 2 * CHUNK_BYTES + 3 });
    mirror.fault({ path: PATH }, { kind: 'corrupt', at: 3 });
    hub.fault({ path: PATH, times: 2 }, { kind: 'drip', bytesPerS: 10_000_000 });
    expectContent(await obtain([sourceOf(hub), sourceOf(mirror)]));
    expect(liars.length === 0 || liars[0] === mirror.url).toBe(true);
  });

  it('asks another source as well when one drips', async () => {
    hub.fault({ path: PATH }, { kind: 'drip', bytesPerS: 200_000 });
    const started = performance.now();
    expectContent(await obtain([sourceOf(hub), sourceOf(mirror)]));
    // Alone it would take more than forty seconds a chunk.
    expect(performance.now() - started).toBeLessThan(25_000);
  }, 40_000);

  it('says when the disk is full, and goes on when there is room again', async () => {
    root.room.bytes = CHUNK_BYTES + 10_000;
    await expect(obtain()).rejects.toMatchObject({ code: 'storage-full' });
    root.room.bytes = 100 * CHUNK_BYTES;
    expectContent(await obtain());
  });

  it('finds a damaged chunk and fetches only that one again', async () => {
    expectContent(await obtain());
    const { store, files } = open();
    const [id = ''] = await files.ids();
    const folder = root.folders.get('data')?.folders.get(id);
    folder?.files.set('1', new Uint8Array(CHUNK_BYTES));
    expect(await store.check(SHA256)).toBe('damaged');
    expect(await store.find(SHA256)).toBeUndefined();
    const before = sentBy(hub);
    expectContent(await obtain());
    expect(sentBy(hub) - before).toBe(CHUNK_BYTES);
  });

  it('sweeps what no record names', async () => {
    expectContent(await obtain());
    const { store, files } = open();
    await files.write(files.create(3), 0, Uint8Array.of(1, 2, 3));
    expect(await files.ids()).toHaveLength(2);
    await store.sweep(new Set());
    expect(await files.ids()).toHaveLength(1);
    expect(await store.check(SHA256)).toBe('intact');
    await store.remove(SHA256);
    expect(await files.ids()).toEqual([]);
  });
});
