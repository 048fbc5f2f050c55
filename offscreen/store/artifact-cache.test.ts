import { beforeEach, describe, expect, it } from 'vitest';
import type { DecoderGraph } from '../graphs/graph.ts';
import { artifactKey, createArtifactCache } from './artifact-cache.ts';

/** A folder in memory with the file system calls that the cache makes. */
class MemoryFolder {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly folders = new Map<string, MemoryFolder>();
  /** Makes every write from here on fail, as a full disk does. */
  full = false;

  async getDirectoryHandle(name: string, { create = false } = {}) {
    const found = this.folders.get(name) ?? (create ? new MemoryFolder() : undefined);
    if (!found) throw new DOMException('', 'NotFoundError');
    if (create) found.full = this.full;
    this.folders.set(name, found);
    return found;
  }

  async getFileHandle(name: string, { create = false } = {}) {
    if (!create && !this.files.has(name)) throw new DOMException('', 'NotFoundError');
    return {
      getFile: async () => new File([this.files.get(name) ?? new Uint8Array(0)], name),
      createWritable: async () => {
        const parts: Uint8Array<ArrayBuffer>[] = [];
        return {
          write: async (part: Uint8Array<ArrayBuffer>) => {
            if (this.full) throw new DOMException('', 'QuotaExceededError');
            parts.push(part);
          },
          close: async () => {
            this.files.set(name, new Uint8Array(await new Blob(parts).arrayBuffer()));
          },
          abort: async () => {},
        };
      },
    };
  }

  async removeEntry(name: string) {
    if (!this.files.delete(name) && !this.folders.delete(name)) throw new DOMException('', 'NotFoundError');
  }
}

const shape = { layers: 1, keyValueHeads: 2, headSize: 4, vocabularySize: 8, contextTokens: 16 };
const graph: DecoderGraph = { shape, model: Uint8Array.of(1, 2, 3), weights: [Uint8Array.of(4, 5), Uint8Array.of(6)] };
const KEY = artifactKey({
  contentHash: 'abc',
  precision: 'q4',
  family: 'llama',
  emitterVersion: 1,
  runtime: 'ort1.30',
});

describe('artifact cache', () => {
  let root: MemoryFolder;
  const open = () => createArtifactCache(root as unknown as FileSystemDirectoryHandle);
  const artifacts = () => root.folders.get('artifacts') as MemoryFolder;
  const stored = () => [...artifacts().folders.values()][0] as MemoryFolder;
  beforeEach(() => {
    root = new MemoryFolder();
  });

  it('gives back what was saved, to another cache too', async () => {
    expect(await open().load(KEY)).toBeUndefined();
    await open().save(KEY, graph);
    const artifact = await open().load(KEY);
    expect(artifact).toMatchObject({ shape, model: graph.model });
    expect([...new Uint8Array((await artifact?.weights.arrayBuffer()) ?? [])]).toEqual([4, 5, 6]);
  });

  it.each([
    [{ contentHash: 'abd' }],
    [{ precision: 'fp32' }],
    [{ family: 'other' }],
    [{ emitterVersion: 2 }],
    [{ runtime: 'ort1.31' }],
  ])('does not give it for %j', async (change) => {
    await open().save(KEY, graph);
    const parts = { contentHash: 'abc', precision: 'q4', family: 'llama', emitterVersion: 1, runtime: 'ort1.30' };
    expect(await open().load(artifactKey({ ...parts, ...change }))).toBeUndefined();
  });

  it.each<[string, () => void]>([
    ['a changed byte in the weights', () => stored().files.set('weights.bin', Uint8Array.of(4, 5, 7))],
    ['weights cut short', () => stored().files.set('weights.bin', Uint8Array.of(4, 5))],
    ['a changed byte in the graph', () => stored().files.set('model.onnx', Uint8Array.of(1, 2, 4))],
    ['no weights', () => stored().files.delete('weights.bin')],
    ['an entry cut short', () => artifacts().files.set(`${KEY}.json`, new TextEncoder().encode('{"folder":'))],
    [
      'an entry that points elsewhere',
      () => artifacts().files.set(`${KEY}.json`, new TextEncoder().encode('{"folder":".."}')),
    ],
    ['files without an entry', () => artifacts().files.delete(`${KEY}.json`)],
  ])('does not give out %s, and saves anew', async (_what, damage) => {
    await open().save(KEY, graph);
    damage();
    expect(await open().load(KEY)).toBeUndefined();
    await open().save(KEY, graph);
    expect(await open().load(KEY)).toMatchObject({ model: graph.model });
  });

  it('keeps one copy an entry', async () => {
    await open().save(KEY, graph);
    await open().save(KEY, { ...graph, model: Uint8Array.of(9) });
    expect(artifacts().folders.size).toBe(1);
    expect((await open().load(KEY))?.model).toEqual(Uint8Array.of(9));
  });

  it('runs from memory when the disk is full, and leaves nothing behind', async () => {
    root.full = true;
    const artifact = await open().save(KEY, graph);
    expect(artifact.model).toEqual(graph.model);
    expect(artifact.weights.size).toBe(3);
    expect(artifacts().folders.size).toBe(0);
    expect(await open().load(KEY)).toBeUndefined();
  });

  it('runs from memory where there is no file system', async () => {
    const cache = createArtifactCache(undefined);
    expect((await cache.save(KEY, graph)).weights.size).toBe(3);
    expect(await cache.load(KEY)).toBeUndefined();
  });
});
