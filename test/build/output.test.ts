import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { RUNTIME_FILES } from '../../scripts/packaged-runtime.ts';
import { ensureBuild } from '../support/build.ts';

/** Addresses that name things and are never fetched: XML namespaces, specifications in comments, schema identifiers. */
const NAMES_ONLY =
  /^https?:\/\/(www\.w3\.org|json-schema\.org|github\.com|developer\.mozilla\.org|arxiv\.org|eips\.ethereum\.org|web\.dev|bugs\.webkit\.org|emscripten\.org|stackoverflow\.com|([a-z.]+\.)?microsoft\.com|huggingface\.co\/docs|[a-z.]*(localhost|example\.(org|com)))/;

describe.each(['dist', 'dist-lab'] as const)('the output %s', (kind) => {
  let folder = '';
  let files: string[] = [];
  beforeAll(async () => {
    folder = await ensureBuild(kind);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  });

  const textsOf = async (pattern: RegExp) =>
    Promise.all(
      files.filter((file) => pattern.test(file)).map(async (file) => ({ file, text: await readFile(file, 'utf8') })),
    );

  it('loads no script, module or page from elsewhere', async () => {
    for (const { file, text } of await textsOf(/\.(js|mjs|html|css)$/)) {
      const remote = [
        ...text.matchAll(
          /(?:\b(?:import|from|importScripts|Worker)\b\s*\(?\s*|\b(?:src|href)=|url\()["'`](?:https?:)?\/\/[^"'`]+/g,
        ),
      ];
      expect(
        remote.map((match) => match[0]),
        file,
      ).toEqual([]);
    }
  });

  it('knows no address that code could be fetched from', async () => {
    for (const { file, text } of await textsOf(/\.(js|html)$/)) {
      const addresses = [...text.matchAll(/["'`](https?:\/\/[^"'`\s]+)/g)].map((match) => match[1] ?? '');
      const wild = addresses.filter(
        (address) => /\.(js|mjs|wasm|wgsl)\b|cdn|unpkg|jsdelivr/.test(address) && !NAMES_ONLY.test(address),
      );
      expect(wild, file).toEqual([]);
    }
  });

  it('evaluates no text as code in what we wrote', async () => {
    for (const { file, text } of await textsOf(/\.js$/)) {
      expect(/\beval\(|new Function\(["'`]/.exec(text)?.[0], file).toBeUndefined();
    }
  });

  it('packages every loader and module of the runtime, as they were published', async () => {
    for (const name of RUNTIME_FILES) {
      const packaged = await stat(path.join(folder, 'ort', name));
      expect(packaged.size).toBeGreaterThan(0);
    }
  });

  it('packages the model without its evaluation and training files', () => {
    const models = files.map((file) => path.relative(folder, file)).filter((file) => file.startsWith('models'));
    expect(models.some((file) => file.endsWith('model.safetensors'))).toBe(true);
    expect(models.filter((file) => /recipe|eval/.test(file))).toEqual([]);
  });

  it('ships no test and no source map', () => {
    expect(files.filter((file) => /\.(test|map)\b/.test(file))).toEqual([]);
  });
});

describe('the extension', () => {
  it('contains every page that code opens', async () => {
    const folder = await ensureBuild('dist');
    const pages = [
      'offscreen/index.html',
      'content/bridge.html',
      'src/ui/prompt/index.html',
      'src/ui/popup/index.html',
      'src/ui/manager/index.html',
    ];
    for (const page of pages) expect((await stat(path.join(folder, page))).isFile(), page).toBe(true);
  });
});
