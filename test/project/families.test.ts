import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FAMILIES } from '../../offscreen/families/registry.ts';
import { projectFiles } from '../support/repository.ts';

const files = await projectFiles();
const models = await Promise.all(
  (await readdir('models')).map(async (name) => ({
    name,
    type: (JSON.parse(await readFile(`models/${name}/config.json`, 'utf8')) as { model_type: string }).model_type,
  })),
);

describe('model families', () => {
  it('are all listed', () => {
    const described = files.filter((file) => /^offscreen\/families\/(?!family|registry)[a-z0-9-]+\.ts$/.test(file));
    expect(described).toHaveLength(FAMILIES.length);
  });

  it.each(FAMILIES.map(({ modelTypes }) => modelTypes.join(', ')))('%s has a golden test', async (types) => {
    const [model] = models.filter(({ type }) => types.split(', ').includes(type));
    expect(model, 'a packaged model of the family').toBeDefined();
    expect(files).toContain(`models/${model?.name}/eval/prompts.json`);
    expect(files).toContain('test/gpu/golden.test.ts');
    expect(await readFile('test/gpu/support/evaluation.ts', 'utf8')).toContain(`models/${model?.name}`);
  });
});
