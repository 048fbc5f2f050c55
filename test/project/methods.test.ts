import { describe, expect, it } from 'vitest';
import { ALL_METHODS } from '../../src/protocol/methods.ts';
import { HOSTILE_CASES } from '../hostile/cases.ts';
import { projectTexts } from '../support/repository.ts';

const sources = (await projectTexts()).filter(
  ({ file }) => /^(src|offscreen)\/.*\.ts$/.test(file) && !/\.test\.ts$|^src\/protocol\//.test(file),
);

/** A handler is an entry of a record keyed by method names; a method of the bridge is taken by name where it arrives. */
function hasHandler(name: string): boolean {
  const key = /^\w+$/.test(name) ? `(['"]${name}['"]|\\b${name})` : `['"]${name.replaceAll('.', '\\.')}['"]`;
  const constant = name.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
  const pattern = new RegExp(`(^|[{,\\s])(async )?${key}\\s*[:(]|\\b${constant}\\.(name|params)\\b`, 'm');
  return sources.some(({ text }) => pattern.test(text));
}

describe('every message', () => {
  it('has a name of its own', () => {
    const names = ALL_METHODS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(ALL_METHODS.map(({ name }) => name))('%s has a handler', (name) => {
    expect(hasHandler(name)).toBe(true);
  });

  it('is tried by a hostile sender', () => {
    expect(Object.keys(HOSTILE_CASES).sort()).toEqual(ALL_METHODS.map(({ name }) => name).sort());
  });

  it('lies in a file of its own, named after it', async () => {
    const files = (await projectTexts()).map(({ file }) => file);
    for (const { name, channel } of ALL_METHODS) {
      const stem = name.replaceAll('.', '-');
      expect(files).toContain(`src/protocol/${channel}/${stem}.ts`);
    }
  });
});
