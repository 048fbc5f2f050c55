import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FAMILIES } from '../../offscreen/families/registry.ts';
import { projectFiles } from '../support/repository.ts';

const files = await projectFiles();
/** Reference models, each with golden outputs of an independent implementation. */
const FIXTURES = 'test/fixtures/models';
const fixtures = await Promise.all(
  (await readdir(FIXTURES)).map(async (name) => ({
    name,
    type: (JSON.parse(await readFile(`${FIXTURES}/${name}/config.json`, 'utf8')) as { model_type: string }).model_type,
  })),
);

const graphTests = await Promise.all(
  files.filter((file) => /^offscreen\/graphs\/.*\.test\.ts$/.test(file)).map((file) => readFile(file, 'utf8')),
);

describe('model families', () => {
  it('are all listed', () => {
    const described = files.filter((file) => /^offscreen\/families\/(?!family|registry)[a-z0-9-]+\.ts$/.test(file));
    expect(described.filter((file) => !file.endsWith('.test.ts'))).toHaveLength(FAMILIES.length);
  });

  it.each(FAMILIES.map(({ modelTypes }) => modelTypes.join(', ')))('%s has a golden test', async (types) => {
    const [fixture] = fixtures.filter(({ type }) => types.split(', ').includes(type));
    expect(fixture, 'a reference model of the family').toBeDefined();
    expect(files).toContain(`${FIXTURES}/${fixture?.name}/golden.json`);
    expect(graphTests.some((text) => text.includes(`'${fixture?.name}'`))).toBe(true);
  });
});
