import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentHash, describeModel, packageModels } from './packaged-models.ts';

describe('packaged models', () => {
  let target = '';
  beforeAll(async () => {
    target = await mkdtemp(path.join(tmpdir(), 'webplat-models-'));
    await packageModels('models', target);
  });
  afterAll(() => rm(target, { recursive: true }));

  it('takes what runs and the model card, and leaves evaluation and recipe behind', async () => {
    expect((await readdir(path.join(target, 'storyteller'))).sort()).toEqual([
      'README.md',
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
  });

  it('lists every file with its size and hash', async () => {
    const [model] = JSON.parse(await readFile(path.join(target, 'index.json'), 'utf8'));
    expect(model.card).toMatchObject({ name: 'packaged:storyteller', contextTokens: 512 });
    for (const file of model.files) {
      const content = await readFile(path.join(target, file.url));
      expect(content.byteLength).toBe(file.bytes);
      expect(createHash('sha256').update(content).digest('hex')).toBe(file.sha256);
    }
    expect(model).toEqual(JSON.parse(JSON.stringify(await describeModel('models/storyteller'))));
  });

  it('names content, not order', () => {
    const [a, b] = [
      { path: 'a', sha256: '1' },
      { path: 'b', sha256: '2' },
    ];
    expect(contentHash([a, b])).toBe(contentHash([b, a]));
    expect(contentHash([a])).not.toBe(contentHash([b]));
  });
});
