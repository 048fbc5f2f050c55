import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryFolder } from '../../test/support/memory-folder.ts';
import type { ParamReader } from '../checkpoint/checkpoint.ts';
import { createGraphBuilder } from '../graphs/build/graph-builder.ts';
import { artifactBytes, artifactKey, createArtifactStore, removeArtifacts, sweepArtifacts } from './artifacts.ts';

const SIZES: Readonly<Record<string, number>> = { a: 3, b: 5 };
const params = {
  get: (name: string) => {
    const size = SIZES[name];
    return size === undefined ? undefined : { dtype: 'F32', shape: [size], file: 'x', begin: 0, end: 4 * size };
  },
  names: () => Object.keys(SIZES),
};

/** A graph with two parts, `one.bin` of parameter a and `two.bin` of parameter b. */
function makeGraph() {
  const g = createGraphBuilder({ name: 'test', params });
  g.part('one', () => g.output(g.param('a', [3]), 'first'));
  g.part('two', () => g.output(g.param('b', [5]), 'second'));
  return g.finish();
}

/** Gives 1, 2, 3 ... for every parameter and notes which were read; fails at one of them, as a torn download does. */
function makeReader(failAt?: string, madeOf = 'files') {
  const read: string[] = [];
  const reader: ParamReader = {
    async rows(name, from, to) {
      read.push(name);
      if (name === failAt) throw new Error('gone');
      return Float32Array.from({ length: to - from }, (_, i) => from + i + 1);
    },
  };
  return { reader, read, madeOf };
}

const floats = async (blob: Blob | undefined) => [
  ...new Float32Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)),
];
const signal = new AbortController().signal;
const checked = () => Promise.resolve();
const quiet = { signal, onProgress() {}, checked };
const PARTS = {
  contentHash: 'abc',
  graph: 'decoder',
  precision: 'q4',
  family: 'llama',
  emitterVersion: 1,
  runtime: 'ort1.30',
};
const KEY = artifactKey(PARTS);

describe('artifact store', () => {
  let root: MemoryFolder;
  const open = () => createArtifactStore(root.handle);
  const make = (from = makeReader()) => open().make(KEY, makeGraph(), from, quiet);
  const stored = () => root.folders.get('artifacts')?.folders.get(KEY) as MemoryFolder;
  beforeEach(() => {
    root = new MemoryFolder();
  });

  it('gives back what was made, to another store too', async () => {
    expect(await open().load(KEY)).toBeUndefined();
    const made = await make();
    const loaded = await open().load(KEY);
    for (const artifact of [made, loaded]) {
      expect(artifact).toMatchObject({ model: makeGraph().model });
      expect(artifact?.parts.map(({ file }) => file)).toEqual(['one.bin', 'two.bin']);
      expect(await floats(artifact?.parts[1]?.data)).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('tells how far it is', async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => seen.push([done, total]);
    await open().make(KEY, makeGraph(), makeReader(), { signal, onProgress, checked });
    expect(seen.at(-1)).toEqual([32, 32]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((a, b) => a - b));
  });

  it.each([
    [{ contentHash: 'abd' }],
    [{ graph: 'encoder' }],
    [{ precision: 'fp32' }],
    [{ family: 'other' }],
    [{ emitterVersion: 2 }],
    [{ runtime: 'ort1.31' }],
  ])('does not give it for %j', async (change) => {
    await make();
    expect(await open().load(artifactKey({ ...PARTS, ...change }))).toBeUndefined();
  });

  it.each<[string, () => void]>([
    ['a changed byte in the weights', () => void (stored().files.get('two.bin') as Uint8Array).fill(9, 0, 1)],
    ['weights cut short', () => stored().files.set('two.bin', new Uint8Array(8))],
    ['a changed byte in the graph', () => void (stored().files.get('model.onnx') as Uint8Array).fill(9, 0, 1)],
    ['no weights', () => stored().files.delete('one.bin')],
    ['an entry cut short', () => stored().files.set('entry.json', new TextEncoder().encode('{"model":'))],
    [
      'an entry that points elsewhere',
      () => {
        const entry = new TextDecoder().decode(stored().files.get('entry.json')).replace('one.bin', '../../one.bin');
        stored().files.set('entry.json', new TextEncoder().encode(entry));
      },
    ],
    ['files without an entry', () => stored().files.delete('entry.json')],
  ])('does not give out %s, and makes it anew', async (_what, damage) => {
    await make();
    damage();
    expect(await open().load(KEY)).toBeUndefined();
    await make();
    expect(await floats((await open().load(KEY))?.parts[1]?.data)).toEqual([1, 2, 3, 4, 5]);
  });

  it('keeps the parts that were finished before an interruption', async () => {
    await expect(make(makeReader('b'))).rejects.toThrow('gone');
    expect(await open().load(KEY)).toBeUndefined();
    const again = makeReader();
    await make(again);
    expect(again.read).toEqual(['b']);
    expect(await floats((await open().load(KEY))?.parts[0]?.data)).toEqual([1, 2, 3]);
  });

  it('makes a finished part anew when it was damaged meanwhile', async () => {
    await expect(make(makeReader('b'))).rejects.toThrow('gone');
    stored().files.set('one.bin', new Uint8Array(12));
    const again = makeReader();
    await make(again);
    expect(again.read).toEqual(['a', 'b']);
  });

  it('makes a finished part anew when it was made of other files', async () => {
    await expect(make(makeReader('b', 'one'))).rejects.toThrow('gone');
    const again = makeReader(undefined, 'two');
    await make(again);
    expect(again.read).toEqual(['a', 'b']);
  });

  it('says so when weights that are too large for memory find no room on disk, and keeps nothing of them', async () => {
    const graph = { ...makeGraph(), parts: [{ name: 'x', file: 'x.bin', bytes: 2 ** 40, steps: [] }] };
    const makePart = () => Promise.reject(new DOMException('', 'QuotaExceededError'));
    await expect(open().make(KEY, graph, { ...makeReader(), makePart }, quiet)).rejects.toMatchObject({
      code: 'storage-full',
      data: { requested: 2 ** 40 },
    });
    expect(root.folders.get('artifacts')?.folders.size).toBe(0);
  });

  it('leaves what is finished to somebody else who writes the same', async () => {
    await expect(make(makeReader('b'))).rejects.toThrow('gone');
    stored().locked.add('two.bin');
    const made = await make();
    expect(await floats(made.parts[1]?.data)).toEqual([1, 2, 3, 4, 5]);
    expect(await open().load(KEY), 'made in memory').toBeUndefined();
    stored().locked.clear();
    const again = makeReader();
    await make(again);
    expect(again.read).toEqual(['b']);
  });

  it('waits for a file that a worker which was ended still holds', async () => {
    await expect(make(makeReader('b'))).rejects.toThrow('gone');
    stored().locked.add('two.bin');
    setTimeout(() => stored().locked.clear(), 150);
    await make();
    expect(await floats((await open().load(KEY))?.parts[1]?.data)).toEqual([1, 2, 3, 4, 5]);
  });

  it('keeps nothing of what turned out to be made of something else', async () => {
    const wrong = { ...quiet, checked: () => Promise.reject(new Error('wrong')) };
    await expect(open().make(KEY, makeGraph(), makeReader(), wrong)).rejects.toThrow('wrong');
    expect(await open().load(KEY)).toBeUndefined();
    await removeArtifacts(root.handle, 'abc');
    expect(await artifactBytes(root.handle)).toBe(0);
    const again = makeReader();
    await make(again);
    expect(again.read).toEqual(['a', 'b']);
    expect(await artifactBytes(root.handle, 'abc')).toBeGreaterThan(32);
  });

  it('stops between weights when aborted', async () => {
    const abort = new AbortController();
    const stopping = makeReader();
    const { reader } = stopping;
    const cancelling: ParamReader = {
      rows(...asked) {
        abort.abort(new Error('stopped'));
        return reader.rows(...asked);
      },
    };
    const options = { signal: abort.signal, onProgress() {}, checked };
    await expect(open().make(KEY, makeGraph(), { reader: cancelling, madeOf: '' }, options)).rejects.toThrow('stopped');
    expect(stopping.read).toEqual(['a']);
  });

  it('has parts made by others at once, and stops all of them when one fails', async () => {
    const asked: string[] = [];
    const makePart = (part: { file: string }, { signal: stopped }: { signal: AbortSignal }) => {
      asked.push(part.file);
      if (asked.length === 2) return Promise.reject(new Error('gone'));
      return new Promise<never>((_, reject) => stopped.addEventListener('abort', () => reject(stopped.reason)));
    };
    await expect(open().make(KEY, makeGraph(), { ...makeReader(), makePart }, quiet)).rejects.toThrow('gone');
    expect(asked).toEqual(['one.bin', 'two.bin']);
    expect(await open().load(KEY)).toBeUndefined();
  });

  it('runs from memory when the disk is full, and leaves nothing behind', async () => {
    root.room.bytes = 20;
    const artifact = await make();
    expect(await floats(artifact.parts[1]?.data)).toEqual([1, 2, 3, 4, 5]);
    expect(root.folders.get('artifacts')?.folders.size).toBe(0);
    expect(await open().load(KEY)).toBeUndefined();
  });

  it('runs from memory where there is no file system, unless it is large', async () => {
    const store = createArtifactStore(undefined);
    const artifact = await store.make(KEY, makeGraph(), makeReader(), quiet);
    expect(await floats(artifact.parts[0]?.data)).toEqual([1, 2, 3]);
    expect(await store.load(KEY)).toBeUndefined();
    const graph = { ...makeGraph(), parts: [{ name: 'x', file: 'x.bin', bytes: 2 ** 40, steps: [] }] };
    await expect(store.make(KEY, graph, makeReader(), quiet)).rejects.toMatchObject({
      code: 'storage-full',
      data: { requested: 2 ** 40 },
    });
  });

  it('removes what nobody wants any more', async () => {
    await make();
    const other = artifactKey({ ...PARTS, emitterVersion: 0 });
    await open().make(other, makeGraph(), makeReader(), quiet);
    await sweepArtifacts(root.handle, (key) => key === KEY);
    expect([...(root.folders.get('artifacts')?.folders.keys() ?? [])]).toEqual([KEY]);
    await sweepArtifacts(undefined, () => false);
  });
});
