import { describe, expect, it } from 'vitest';
import { projectTexts } from '../support/repository.ts';

const texts = await projectTexts();
const families = texts
  .map(({ file }) => /^offscreen\/families\/([a-z0-9-]+)\.ts$/.exec(file)?.[1])
  .filter((name) => name !== undefined && !['family', 'families', 'index'].includes(name));
const golden = texts.filter(({ file }) => /^(test|offscreen)\/.*golden.*\.test\.ts$/.test(file));

describe('model families', () => {
  it('exist', () => {
    expect(families.length).toBeGreaterThan(0);
  });

  it.each(families)('%s is listed and has a golden test', (family) => {
    const lists = texts.filter(({ file }) => /^offscreen\/families\/(families|index|family)\.ts$/.test(file));
    expect(lists.some(({ text }) => text.includes(`./${family}.ts`))).toBe(true);
    expect(golden.some(({ text }) => text.includes(`${family}`))).toBe(true);
  });
});
