import { describe, expect, it } from 'vitest';
import { projectFiles } from '../support/repository.ts';

const files = await projectFiles();
const kernels = [
  ...new Set(
    files
      .map((file) => /^shaders\/([a-z0-9-]+)\//.exec(file)?.[1])
      .filter((name) => name !== undefined && name !== 'lib'),
  ),
];

describe('kernels', () => {
  it('lie in folders, beside nothing but the library and a page about them', () => {
    const loose = files.filter((file) => /^shaders\/[^/]+$/.test(file) && file !== 'shaders/README.md');
    expect(loose).toEqual([]);
  });

  it('have a shader, a reference and cases each', () => {
    for (const kernel of kernels) {
      for (const ending of ['wgsl', 'ts', 'ref.ts', 'cases.ts']) {
        expect(files).toContain(`shaders/${kernel}/${kernel}.${ending}`);
      }
    }
  });
});
