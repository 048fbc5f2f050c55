import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createModelReader } from './model-reader.ts';
import { createPackagedSource } from './packaged-source.ts';

const BASE = new URL('https://host.test/app/');
const content = new TextEncoder().encode('{"a":1}');
const sha256 = createHash('sha256').update(content).digest('hex');
const card = {
  name: 'packaged:x',
  title: 'X',
  description: 'd',
  licence: 'MIT',
  tasks: ['text-generation'],
  source: 'packaged',
  downloadBytes: 0,
  diskBytes: 7,
  residentBytes: 9,
};
const entry = { path: 'config.json', bytes: 7, sha256, url: 'x/config.json' };
const index = [{ card, engine: 'ort', contentHash: sha256, files: [entry] }];

describe('packaged models', () => {
  let served: Map<string, Uint8Array<ArrayBuffer> | string>;
  const signal = new AbortController().signal;
  const reader = async () => {
    const source = createPackagedSource(BASE);
    const manifest = await source.resolve('packaged:x');
    if (!manifest) throw new Error('Not found.');
    return createModelReader(
      manifest.files,
      source.open(manifest, signal, () => {}),
      signal,
    );
  };
  beforeEach(() => {
    served = new Map<string, Uint8Array<ArrayBuffer> | string>([
      ['https://host.test/app/models/index.json', JSON.stringify(index)],
      ['https://host.test/app/models/x/config.json', content],
    ]);
    vi.stubGlobal('fetch', async (url: URL | string) => {
      const body = served.get(String(url));
      return new Response(body ?? null, { status: body === undefined ? 404 : 200 });
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('lists what was packaged, and the echo', async () => {
    const names = (await createPackagedSource(BASE).list()).map((manifest) => manifest.card.name);
    expect(names).toEqual(['packaged:x', 'packaged:echo']);
    expect(await createPackagedSource(BASE).resolve('packaged:y')).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['no JSON', '<html>'],
    ['a path out of the model', JSON.stringify([{ ...index[0], files: [{ ...entry, path: '../x' }] }])],
    ['another address', JSON.stringify([{ ...index[0], files: [{ ...entry, url: 'https://elsewhere.test/x' }] }])],
  ])('refuses an index that is %s, and asks again next time', async (_what, body) => {
    const source = createPackagedSource(BASE);
    const path = 'https://host.test/app/models/index.json';
    if (body === undefined) served.delete(path);
    else served.set(path, body);
    await expect(source.list()).rejects.toMatchObject({ code: 'model-corrupt' });
    served.set(path, JSON.stringify(index));
    expect(await source.list()).toHaveLength(2);
  });

  it('reads a file that is what the manifest says', async () => {
    const files = await reader();
    const file = await files.open('config.json');
    expect(await file.read(0, file.size)).toEqual(content);
    expect(await files.json('config.json')).toEqual({ a: 1 });
    expect(await files.json('generation_config.json')).toBeUndefined();
    await expect(files.open('generation_config.json')).rejects.toMatchObject({ code: 'model-corrupt' });
    await files.checked([]);
  });

  it.each([
    ['altered', new TextEncoder().encode('{"a":2}')],
    ['cut short', content.subarray(0, 3)],
    ['missing', undefined],
  ])('refuses a file that is %s', async (_what, body) => {
    const files = await reader();
    served.delete('https://host.test/app/models/x/config.json');
    if (body) served.set('https://host.test/app/models/x/config.json', body);
    await expect(files.open('config.json')).rejects.toMatchObject({ code: 'model-corrupt' });
  });
});
