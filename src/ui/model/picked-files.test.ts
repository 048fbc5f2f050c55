import { describe, expect, it } from 'vitest';
import { archiveFileName, modelFilesOf, suggestedName, typedName } from './picked-files.ts';

const pick = (path: string, inFolder = false) =>
  Object.assign(new File(['x'], path.split('/').at(-1) ?? ''), { webkitRelativePath: inFolder ? path : '' });

describe('what was picked', () => {
  it('is what a model may need, by names inside the folder', () => {
    const picked = [
      'a/config.json',
      'a/model.safetensors',
      'a/onnx/model.onnx',
      'a/README.md',
      'a/.git/config',
      'a/b/config.json',
    ];
    expect(modelFilesOf(picked.map((path) => pick(path, true))).map(({ path }) => path)).toEqual([
      'config.json',
      'model.safetensors',
      'onnx/model.onnx',
    ]);
    expect(modelFilesOf([pick('config.json'), pick('evil.exe')]).map(({ path }) => path)).toEqual(['config.json']);
  });

  it.each([
    ['my model (1)/config.json', true, 'my-model-1-'],
    ['..hidden/config.json', true, 'hidden'],
    ['org-name.tar', false, 'org-name'],
    ['x.TAR', false, 'x'],
  ])('%s suggests a name that is one', (path, inFolder, name) => {
    expect(suggestedName([pick(path, inFolder)])).toBe(name);
    expect(typedName(name)).toEqual({ name: `file:${name}` });
  });

  it('suggests nothing for several files', () => {
    expect(suggestedName([pick('config.json'), pick('model.safetensors')])).toBe('');
  });
});

it.each(['', ' ', '../x', 'a/b', 'ä', '-x', 'x'.repeat(97), 'a b', 'file:x'])('%s is no name', (text) => {
  expect(typedName(text)).toHaveProperty('error');
});

it.each([
  ['hf:org/name', 'org-name.tar'],
  ['hf:org/name@v1.0', 'org-name-v1.0.tar'],
  ['https://a.example/models/x/', 'a.example-models-x.tar'],
  ['file:mine', 'mine.tar'],
])('%s is exported as %s', (model, file) => {
  expect(archiveFileName(model)).toBe(file);
});
