import { homedir, hostname } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectTexts } from '../support/repository.ts';

/** Files that may be longer than 300 lines, each for a reason that is not size for its own sake. */
const LONG_FILES: Readonly<Record<string, string>> = {
  'package-lock.json': 'generated',
  'docs/protocol.md': 'generated',
  'content/webplat.d.ts': 'the public types of the page API, in one place for who reads them',
  'src/ui/styles/controls.css': 'one sheet for all controls of the interface',
  'src/ui/manager/manager.css': 'one sheet for one page',
  'offscreen/data/serve-port.test.ts': 'every rule of one contract, with the bench that all of them share',
  'offscreen/handlers/data-handlers.test.ts': 'every rule of one contract, with the bench that all of them share',
  'test/support/fake-world.ts': 'one browser for the tests of the background, which has as many sides as a real one',
};

/** Tests that a path is not told to a page have to contain one. */
const MAY_NAME_PATHS = new Set([
  'test/project/repository.test.ts',
  'scripts/browsers/find.test.ts',
  'offscreen/data/serve-port.test.ts',
]);

const SOURCE = /\.(ts|tsx|cjs|mjs|js|css|html|wgsl)$/;
const PRODUCT = /^(src|content|offscreen|shaders)\//;

describe('the repository', () => {
  let texts: Awaited<ReturnType<typeof projectTexts>> = [];
  beforeAll(async () => {
    texts = await projectTexts();
  });

  it('has no file over 300 lines that is not listed with a reason', () => {
    const long = texts
      .filter(({ file }) => SOURCE.test(file) && !file.startsWith('test/fixtures/'))
      .filter(({ text }) => text.split('\n').length > 301)
      .map(({ file }) => file);
    expect(long.filter((file) => !(file in LONG_FILES))).toEqual([]);
  });

  it('names no machine, home folder or registry host', () => {
    const needles = [
      /(^|[^\w./-])\/(home|Users|root|work)\/\w/m,
      /registry\.(npmjs|yarnpkg)\.|npm\.pkg\.github|"resolved": "https?:/,
      ...[path.resolve('.'), homedir(), hostname()]
        .filter((needle) => needle.length > 5 && needle !== 'localhost')
        .map((needle) => new RegExp(`${needle.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\b`)),
    ];
    const guilty = texts.flatMap(({ file, text }) =>
      MAY_NAME_PATHS.has(file)
        ? []
        : needles.filter((needle) => needle.test(text)).map((needle) => `${file}: ${needle.exec(text)?.[0].trim()}`),
    );
    expect(guilty).toEqual([]);
  });

  it('names extension APIs in src/platform only', () => {
    const guilty = texts
      .filter(({ file }) => PRODUCT.test(file) && SOURCE.test(file) && !file.startsWith('src/platform/'))
      .filter(({ text }) => /\b(chrome|browser)\.(?!test)[a-z]+\b[.(]/.test(withoutComments(text)))
      .map(({ file }) => file);
    expect(guilty).toEqual([]);
  });

  it('leaves nothing half done', () => {
    const guilty = texts
      .filter(({ file }) => /\.tsx?$/.test(file) && !file.startsWith('test/project/'))
      .filter(({ text }) =>
        /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)|biome-ignore|\.(only|skip|todo)\(/.test(text),
      )
      .map(({ file }) => file);
    expect(guilty).toEqual([]);
  });

  it('retries nothing and never sleeps in tests', () => {
    const guilty = texts
      .filter(({ file }) => /\.test\.tsx?$/.test(file) && !file.startsWith('test/project/'))
      .filter(({ text }) => /\bretry:|waitForTimeout|setTimeout\((resolve|r|done|ok)\b/.test(text))
      .map(({ file }) => file);
    expect(guilty).toEqual([]);
  });
});

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(^|[^:])\/\/.*$/gm, '$1');
