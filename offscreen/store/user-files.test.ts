import { describe, expect, it } from 'vitest';
import {
  CONFIG,
  type Contents,
  expectNothingLeft,
  filesBelow,
  MODEL,
  NAME,
  OTHER,
  openUserFiles,
  picked,
  sha256,
  WEIGHTS,
} from '../../test/support/user-files.ts';
import { CHUNK_BYTES } from './chunked-files.ts';
import { dropOrphans } from './orphans.ts';

describe('files that the user picked', { timeout: 20_000 }, () => {
  it('become a model, every file by its hash', async () => {
    const bench = openUserFiles();
    const job = await bench.import(NAME, picked(MODEL));
    expect(job).toMatchObject({ state: 'done', kind: 'import', doneFiles: 3, totalFiles: 3 });
    expect(job.doneBytes).toBe(job.totalBytes);
    const manifest = await bench.models.resolve(NAME);
    expect(manifest).toMatchObject({
      card: { name: NAME, title: 'mine', source: 'file', downloadBytes: WEIGHTS.length + CONFIG.length + 2 },
    });
    expect(await bench.models.describe(NAME, new AbortController().signal)).toMatchObject({ downloadBytes: 0 });
    expect([...(await bench.fileStore.stored()).keys()].sort()).toEqual(Object.values(MODEL).map(sha256).sort());
    expect(await bench.models.resolve('file:other')).toBeUndefined();
  });

  it('share what they have in common, which stays as long as one of them needs it', async () => {
    const bench = openUserFiles();
    await bench.import(NAME, picked(MODEL));
    const before = (await bench.files.ids()).length;
    expect(await bench.import('file:again', picked({ ...MODEL, 'tokenizer.json': '{"a":1}' }))).toMatchObject({
      state: 'done',
    });
    expect(await bench.files.ids()).toHaveLength(before + 1);
    await bench.models.forget(NAME);
    const record = await bench.models.record('file:again');
    for (const { sha256: hash = '' } of record?.files ?? []) expect(await bench.fileStore.check(hash)).toBe('intact');
  });

  it('stay when a model goes that has one of them too, by whatever key its source knew it', async () => {
    const bench = openUserFiles();
    await bench.import(NAME, picked(MODEL));
    await bench.import('file:other', picked(MODEL));
    await bench.models.update('file:other', (record) => ({
      ...record,
      files: record.files.map((file) => ({ ...file, key: sha256(`git:${file.path}`) })),
    }));
    await bench.models.forget(NAME);
    for (const content of Object.values(MODEL)) expect(await bench.fileStore.check(sha256(content))).toBe('intact');
    await bench.models.forget('file:other');
    expectNothingLeft(bench);
  });

  it.each<[string, Contents, string]>([
    ['no configuration', { 'model.safetensors': WEIGHTS }, 'files-refused'],
    ['no weights', { 'config.json': CONFIG }, 'files-refused'],
    ['a configuration that is no JSON', { ...MODEL, 'config.json': '{' }, 'files-refused'],
    [
      'a kind of model that nobody knows',
      { ...MODEL, 'config.json': '{"model_type":"unheard-of"}' },
      'model-unsupported',
    ],
    [
      'a part of the weights missing',
      { ...MODEL, 'model.safetensors.index.json': '{"weight_map":{"a":"model-00001-of-00002.safetensors"}}' },
      'files-refused',
    ],
    ['an index that is none', { ...MODEL, 'model.safetensors.index.json': '{}' }, 'files-refused'],
  ])('%s: refused, and nothing is left', async (_what, contents, code) => {
    const bench = openUserFiles();
    expect(await bench.import(NAME, picked(contents))).toMatchObject({ state: 'failed', error: { code } });
    expectNothingLeft(bench);
  });

  it('do not replace another model of their name, but mend the same one', async () => {
    const bench = openUserFiles();
    await bench.import(NAME, picked(MODEL));
    const before = filesBelow(bench.root);
    for (const other of [
      { ...MODEL, 'model.safetensors': OTHER },
      { ...MODEL, 'vocab.txt': 'a' },
    ]) {
      expect(await bench.import(NAME, picked(other))).toMatchObject({
        state: 'failed',
        error: { code: 'files-refused' },
      });
      expectNothingLeft(bench, before);
    }
    const stored = await bench.fileStore.find(sha256(WEIGHTS));
    bench.root.folders
      .get('data')
      ?.folders.get(stored?.file.id ?? '')
      ?.files.set('1', new Uint8Array(4321));
    expect(await bench.user.check(NAME)).toBe(true);
    const [check] = bench.jobs.list().filter(({ kind }) => kind === 'check');
    expect(await bench.ended(check?.id ?? '')).toMatchObject({
      state: 'done',
      doneFiles: 3,
      damagedFiles: 1,
      damaged: ['model.safetensors'],
    });
    expect(await bench.import(NAME, picked(MODEL))).toMatchObject({ state: 'done' });
    expect(await bench.fileStore.check(sha256(WEIGHTS))).toBe('intact');
  });

  it('are not taken in beyond the budget', async () => {
    const bench = openUserFiles({ diskBudgetBytes: WEIGHTS.length });
    expect(await bench.import(NAME, picked(MODEL))).toMatchObject({ state: 'failed', error: { code: 'storage-full' } });
    expectNothingLeft(bench);
  });

  it('leave nothing when the disk is full in the middle', async () => {
    const bench = openUserFiles();
    bench.root.room.bytes = CHUNK_BYTES + 2000;
    expect(await bench.import(NAME, picked(MODEL))).toMatchObject({ state: 'failed', error: { code: 'storage-full' } });
    expectNothingLeft(bench);
  });

  it('leave nothing when a file is changed meanwhile', async () => {
    const bench = openUserFiles();
    class Changing extends Blob {
      override slice(begin = 0, end = this.size) {
        return super.slice(begin === 0 ? 0 : begin + 1, end);
      }
    }
    const files = picked(MODEL).map((each) =>
      each.path === 'model.safetensors' ? { ...each, file: new Changing([WEIGHTS]) } : each,
    );
    expect(await bench.import(NAME, files)).toMatchObject({ state: 'failed', error: { code: 'files-refused' } });
    expectNothingLeft(bench);
  });

  it('leave nothing when they are stopped, and the name is free again', async () => {
    const bench = openUserFiles();
    let reached = () => {};
    const atWeights = new Promise<void>((resolve) => {
      reached = resolve;
    });
    class Slow extends Blob {
      override slice(begin?: number, end?: number) {
        reached();
        const piece = super.slice(begin, end);
        piece.arrayBuffer = () => new Promise<ArrayBuffer>(() => {});
        return piece;
      }
    }
    const files = picked(MODEL).map((each) =>
      each.path === 'model.safetensors' ? { ...each, file: new Slow([WEIGHTS]) } : each,
    );
    const id = bench.user.importFiles(NAME, files);
    expect(() => bench.user.importFiles(NAME, picked(MODEL)), 'twice at once').toThrow();
    await atWeights;
    expect(bench.jobs.stop(id)).toBe(true);
    expect(await bench.ended(id)).toMatchObject({ state: 'stopped' });
    expectNothingLeft(bench);
    expect(await bench.import(NAME, picked(MODEL))).toMatchObject({ state: 'done' });
  });

  it('of an import that a crash ended are gone after the next start, and those of models are not', async () => {
    const before = openUserFiles();
    await before.import(NAME, picked(MODEL));
    const kept = filesBelow(before.root);
    // The files are there, and the note of the model is not.
    before.root.folders.get('models')?.files.clear();
    const after = openUserFiles({}, before.root);
    await dropOrphans(after.models, after.fileStore);
    expectNothingLeft(after);
    await after.import(NAME, picked(MODEL));
    await dropOrphans(after.models, after.fileStore);
    expect(filesBelow(after.root)).toHaveLength(kept.length);
  });

  it('are not looked for while the disk does not give out what a model needs', async () => {
    const before = openUserFiles();
    await before.import(NAME, picked(MODEL));
    const kept = filesBelow(before.root);
    const after = openUserFiles({}, before.root);
    const notes = after.root.folders.get('models');
    for (const name of notes?.files.keys() ?? []) notes?.unreadable.add(name);
    await expect(dropOrphans(after.models, after.fileStore)).rejects.toMatchObject({ name: 'NotReadableError' });
    expect(await after.models.records()).toEqual([]);
    expect(filesBelow(after.root)).toEqual(kept);
    notes?.unreadable.clear();
    expect(await after.models.records()).toHaveLength(1);
  });

  it('stay when an import fails meanwhile, which is told as what it is', async () => {
    const bench = openUserFiles();
    await bench.import(NAME, picked(MODEL));
    const notes = bench.root.folders.get('models');
    for (const name of notes?.files.keys() ?? []) notes?.unreadable.add(name);
    bench.root.room.bytes = 2000;
    const changed = { ...MODEL, 'model.safetensors': Uint8Array.from(WEIGHTS, (byte) => byte ^ 1) };
    expect(await bench.import('file:other', picked(changed))).toMatchObject({
      state: 'failed',
      error: { code: 'storage-full' },
    });
  });
});
