import { describe, expect, it } from 'vitest';
import { tarOf } from '../../../test/support/tar.ts';
import {
  CONFIG,
  expectNothingLeft,
  exported,
  filesBelow,
  listOf,
  MODEL,
  NAME,
  OTHER,
  openUserFiles,
  picked,
  sha256,
  WEIGHTS,
} from '../../../test/support/user-files.ts';
import { readTar } from './read-tar.ts';

describe('an archive', { timeout: 20_000 }, () => {
  it('has the files of a model and their list, and is the model again elsewhere', async () => {
    const [here, there] = [openUserFiles(), openUserFiles()];
    await here.import(NAME, picked(MODEL));
    const archive = await here.user.exportModel(NAME);
    expect(here.jobs.list().map(({ kind }) => kind)).toEqual(['import']);
    expect((await readTar(archive)).map(({ path }) => path)).toEqual(['webplat-model.json', ...Object.keys(MODEL)]);
    expect(await there.user.inspect(archive)).toMatchObject({ name: NAME, files: 3 });
    expect(await there.ended(await there.user.restore(archive, NAME))).toMatchObject({ state: 'done' });
    const [one, other] = await Promise.all([here, there].map(({ models }) => models.resolve(NAME)));
    expect(other).toEqual(one);
    expect(await there.models.record(NAME)).toMatchObject({ fromArchive: true });
  });

  it('of a hub keeps its name, and can be had from there again; its own addresses are not asked', async () => {
    const bench = openUserFiles();
    const commit = 'c'.repeat(40);
    const archive = exported({ commit, isPrivate: true });
    await bench.ended(await bench.user.restore(archive, 'hf:org/name'));
    expect(await bench.models.record('hf:org/name')).toMatchObject({
      isPrivate: true,
      commit,
      card: { licence: 'mit' },
    });
    const urls = (await bench.models.record('hf:org/name'))?.files.flatMap((file) => file.urls) ?? [];
    expect(urls).toContain(`https://huggingface.co/org/name/resolve/${commit}/config.json`);
    await expect(bench.user.inspect(exported({ urls: ['https://bank.example/'] }))).rejects.toMatchObject({
      kind: 'lying',
    });
  });

  it('shares nothing that was compiled with a model of other content, whatever it says', async () => {
    const bench = openUserFiles();
    await bench.import(NAME, picked(MODEL));
    await bench.ended(await bench.user.restore(exported({}, { ...MODEL, 'model.safetensors': OTHER }), 'hf:org/name'));
    const [mine, restored] = [await bench.models.resolve(NAME), await bench.models.resolve('hf:org/name')];
    expect(restored?.contentHash).not.toBe(mine?.contentHash);
  });

  it('that somebody packed becomes a model of the user', async () => {
    const bench = openUserFiles();
    const packed = tarOf([
      { name: 'model/', type: '5' },
      ...Object.entries(MODEL).map(([name, content]) => ({ name: `model/${name}`, content })),
      { name: 'model/README.md', content: 'Read me.' },
      { name: 'model/.gitattributes', content: '*' },
    ]);
    expect(await bench.user.inspect(packed)).toEqual({
      licence: 'unknown',
      files: 3,
      bytes: WEIGHTS.length + CONFIG.length + 2,
    });
    await expect(bench.user.restore(packed, 'hf:org/name')).rejects.toMatchObject({ code: 'files-refused' });
    expect(await bench.ended(await bench.user.restore(packed, NAME))).toMatchObject({ state: 'done' });
  });

  it.each<[string, Blob, string]>([
    ['another format', exported({ webplat: 2 }), 'lying'],
    ['a list that is none', tarOf([{ name: 'webplat-model.json', content: '[' }]), 'lying'],
    ['a list without files', exported({ files: [] }), 'lying'],
    ['a list of too many files', exported({ files: Array.from({ length: 4097 }, () => ({})) }), 'lying'],
    ['a list that is too long', tarOf([{ name: 'webplat-model.json', content: ' '.repeat(2 ** 21 + 1) }]), 'lying'],
    ['the name of a packaged model', exported({ name: 'packaged:echo' }), 'lying'],
    ['a name that is none', exported({ name: 'hf:../x' }), 'lying'],
    [
      'a list of files that are not there',
      exported({ files: [{ path: 'vocab.txt', bytes: 1, sha256: '0'.repeat(64) }] }),
      'lying',
    ],
    [
      'a list that leads out',
      exported({ files: [{ path: '../config.json', bytes: 1, sha256: '0'.repeat(64) }] }),
      'lying',
    ],
    [
      'another size than listed',
      exported({ files: [{ path: 'config.json', bytes: 1, sha256: sha256(CONFIG) }] }),
      'lying',
    ],
    [
      'a file that is not listed',
      exported({ files: [{ path: 'config.json', bytes: CONFIG.length, sha256: sha256(CONFIG) }] }),
      'lying',
    ],
    ['nothing of a model', tarOf([{ name: 'readme.txt', content: 'x' }]), 'incomplete'],
    ['nothing at all', tarOf([]), 'incomplete'],
    ['another kind of file', new Blob(['PK\u0003\u0004'.padEnd(4096)]), 'broken'],
  ])('with %s is refused', async (_what, archive, kind) => {
    const bench = openUserFiles();
    await expect(bench.user.inspect(archive)).rejects.toMatchObject({ code: 'files-refused', kind });
    await expect(bench.user.restore(archive, 'hf:org/name')).rejects.toMatchObject({ code: 'files-refused', kind });
    expectNothingLeft(bench);
  });

  it.each([
    ['first', 'model.safetensors'],
    ['last', 'tokenizer.json'],
  ] as const)('with a wrong hash is refused, list %s, and nothing is left', async (order, wrong) => {
    const bench = openUserFiles();
    const files = listOf().map((file) => (file.path === wrong ? { ...file, sha256: 'f'.repeat(64) } : file));
    const id = await bench.user.restore(exported({ files }, MODEL, order), 'hf:org/name');
    expect(await bench.ended(id)).toMatchObject({ state: 'failed', error: { code: 'files-refused' } });
    expectNothingLeft(bench);
  });

  it('with other bytes than those of the same hash that are here is refused', async () => {
    const bench = openUserFiles();
    await bench.import(NAME, picked(MODEL));
    const before = filesBelow(bench.root);
    const lying = exported({ files: listOf() }, { ...MODEL, 'model.safetensors': OTHER });
    expect(await bench.ended(await bench.user.restore(lying, 'hf:org/name'))).toMatchObject({
      state: 'failed',
      error: { code: 'files-refused' },
    });
    expectNothingLeft(bench, before);
  });

  it('under another name than the one that was shown is refused', async () => {
    const bench = openUserFiles();
    await expect(bench.user.restore(exported(), 'hf:org/other')).rejects.toMatchObject({ kind: 'lying' });
    await expect(bench.user.restore(exported(), NAME)).rejects.toMatchObject({ kind: 'lying' });
    expectNothingLeft(bench);
  });

  it('is not made of what is damaged or not there', async () => {
    const bench = openUserFiles();
    await expect(bench.user.exportModel(NAME)).rejects.toMatchObject({ code: 'unknown-model' });
    await bench.import(NAME, picked(MODEL));
    await bench.fileStore.remove(sha256('{}'));
    await expect(bench.user.exportModel(NAME)).rejects.toMatchObject({ kind: 'incomplete' });
    expect(bench.jobs.list()).toMatchObject([{ kind: 'import' }, { kind: 'export', state: 'failed' }]);
  });
});
