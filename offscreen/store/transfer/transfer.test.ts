import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../../../src/shared/abort.ts';
import { type Hub, serveHub } from '../../../test/support/hub/hub.ts';
import { fileOf, repoOf } from '../../../test/support/hub/repo.ts';
import { MemoryFolder } from '../../../test/support/memory-folder.ts';
import { CHUNK_BYTES, type ChunkedFiles, createChunkedFiles } from '../chunked-files.ts';
import { SourceFault } from './fault.ts';
import type { FileSource } from './source.ts';
import { startTransfer } from './transfer.ts';

/** Three whole chunks and a piece. */
const CONTENT = Uint8Array.from({ length: 3 * CHUNK_BYTES + 77 }, (_, at) => (at * 2_654_435_761) >>> 24);
const NAME = 'model.safetensors';

let hub: Hub;
beforeAll(async () => {
  hub = await serveHub({ 'org/m': repoOf({ [NAME]: fileOf(NAME, CONTENT) }) });
});
afterAll(() => hub.close());
afterEach(() => hub.clearFaults());

/** Bytes at hand, all chunks but those in `absent`. */
const atHand = (absent: readonly number[] = []): FileSource => ({
  name: 'an export',
  async readChunk(index) {
    if (absent.includes(index)) throw new SourceFault('absent', `Piece ${index} is damaged.`);
    return CONTENT.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
  },
});

describe('a transfer from bytes at hand', () => {
  let files: ChunkedFiles;
  beforeEach(() => {
    files = createChunkedFiles(new MemoryFolder().handle);
    (hub.requests as unknown[]).length = 0;
  });
  const remote = (): FileSource => ({ name: hub.url, url: `${hub.url}/org/m/resolve/main/${NAME}` });

  function start(sources: readonly FileSource[]) {
    const heard = { local: 0, remote: 0, lost: 0 };
    const file = files.create(CONTENT.byteLength);
    const transfer = startTransfer({
      files,
      file,
      sources,
      fetch: (url, init) => fetch(url, init),
      connections: 3,
      signal: new AbortController().signal,
      now: () => performance.now(),
      pause: (ms, signal) => pause(ms / 50, signal),
      onBytes(bytes, source) {
        heard['url' in source ? 'remote' : 'local'] += bytes;
      },
      onLost(bytes) {
        heard.lost += bytes;
      },
      onChunk() {},
    });
    const content = async () => new Uint8Array((await (await files.blob(file))?.arrayBuffer()) ?? new ArrayBuffer(0));
    return { transfer, heard, content, file };
  }

  it('needs no server', async () => {
    const { transfer, heard, content } = start([atHand()]);
    await transfer.done;
    expect(Buffer.compare(await content(), CONTENT)).toBe(0);
    expect(heard).toEqual({ local: CONTENT.byteLength, remote: 0, lost: 0 });
    expect(hub.requests).toEqual([]);
  });

  it('takes from the server what is missing or damaged at hand, and nothing else of it twice', async () => {
    const { transfer, heard, content } = start([atHand([1, 3]), remote()]);
    await transfer.done;
    expect(Buffer.compare(await content(), CONTENT)).toBe(0);
    expect(transfer.origins.get(1)).toBe(hub.url);
    expect(transfer.origins.get(3)).toBe(hub.url);
    expect(heard.local + heard.remote - heard.lost).toBe(CONTENT.byteLength);
  });

  it('keeps everything else when nobody has a piece, and says which', async () => {
    const { transfer, file } = start([atHand([2])]);
    await expect(transfer.done).rejects.toThrow('Piece 2 is damaged.');
    expect([...(await files.complete(file))].sort()).toEqual([0, 1, 3]);
  });

  it('ends when the server that has the rest fails for good', async () => {
    hub.fault({ path: /./ }, { kind: 'status', status: 404 });
    const { transfer, file } = start([atHand([0]), remote()]);
    await expect(transfer.done).rejects.toBeInstanceOf(SourceFault);
    expect([...(await files.complete(file))].sort()).toEqual([1, 2, 3]);
  });

  it('counts bytes of a connection that broke as lost', async () => {
    hub.fault({ path: /cdn/, times: 2 }, { kind: 'reset', after: 300_000 });
    const { transfer, heard } = start([remote()]);
    await transfer.done;
    expect(heard.lost).toBeGreaterThan(0);
    expect(heard.remote - heard.lost).toBe(CONTENT.byteLength);
  });
});
