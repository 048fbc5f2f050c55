import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { execPackage } from '../../scripts/lib/exec.ts';

const FIXTURE = 'test/fixtures/direction';

/** Rule that each fixture must break; a fixture named `keeps-*` and `offscreen/main.ts` must break none. */
const BREAKS: Readonly<Record<string, string>> = {
  'src/shared/breaks-protocol.ts': 'shared-imports',
  'src/shared/breaks-package.ts': 'shared-imports',
  'src/shared/breaks-cycle.ts': 'no-cycles',
  'src/protocol/breaks-platform.ts': 'protocol-imports',
  'src/protocol/breaks-package.ts': 'protocol-imports',
  'src/permissions/breaks-platform.ts': 'permissions-imports',
  'src/permissions/breaks-type-only.ts': 'permissions-imports',
  'src/platform/breaks-background.ts': 'platform-imports',
  'src/platform/breaks-permissions.ts': 'platform-imports',
  'src/background/breaks-ui.ts': 'background-imports',
  'src/background/breaks-offscreen.ts': 'background-imports',
  'src/background/breaks-polyfill.ts': 'background-imports',
  'src/ui/breaks-permissions.ts': 'ui-imports',
  'src/ui/breaks-background.ts': 'ui-imports',
  'content/breaks-platform.ts': 'content-imports',
  'content/breaks-permissions.ts': 'content-imports',
  'content/breaks-offscreen.ts': 'content-imports',
  'offscreen/breaks-platform.ts': 'offscreen-imports',
  'offscreen/breaks-content.ts': 'offscreen-imports',
  'offscreen/breaks-reference.ts': 'shader-references',
  'offscreen/breaks-node.ts': 'no-node',
  'offscreen/breaks-scripts.ts': 'product-alone',
  'offscreen/breaks-nowhere.ts': 'resolvable',
  'shaders/demo/breaks-shared.ts': 'shaders-imports',
};

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

async function violations(): Promise<Map<string, string[]>> {
  const { output } = await execPackage(
    'dependency-cruiser',
    'bin/dependency-cruise.mjs',
    [
      '--config',
      path.resolve('.dependency-cruiser.cjs'),
      '--output-type',
      'json',
      'src',
      'content',
      'offscreen',
      'shaders',
    ],
    { capture: 'stdout', cwd: FIXTURE },
  );
  const found = new Map<string, string[]>();
  for (const { from, rule } of (JSON.parse(output) as Report).summary.violations) {
    found.set(from, [...(found.get(from) ?? []), rule.name]);
  }
  return found;
}

describe('direction of imports', async () => {
  const found = await violations();

  it.each(Object.entries(BREAKS))('%s breaks %s', (file, rule) => {
    expect(found.get(file)).toContain(rule);
  });

  it('complains about nothing else', () => {
    expect([...found.keys()].sort()).toEqual(Object.keys(BREAKS).sort());
  });

  it('has a fixture for every file that is meant to break something', async () => {
    const files = await readdir(FIXTURE, { recursive: true });
    expect(files.filter((file) => path.basename(file).startsWith('breaks-')).sort()).toEqual(
      Object.keys(BREAKS).sort(),
    );
  });
});
