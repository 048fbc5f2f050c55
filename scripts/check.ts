import { type ExecResult, execPackage } from './lib/exec.ts';
import type { Tally } from './lib/tally.ts';

interface Step {
  readonly name: string;
  run(): Promise<ExecResult>;
}

/** Everything that is known about the sources without running the product. */
export const STEPS: readonly Step[] = [
  { name: 'types of the product', run: () => execPackage('typescript', 'bin/tsc', ['-p', 'tsconfig.json']) },
  { name: 'types of tests and tools', run: () => execPackage('typescript', 'bin/tsc', ['-p', 'tsconfig.test.json']) },
  { name: 'lint and format', run: () => execPackage('@biomejs/biome', 'bin/biome', ['check', '--error-on-warnings']) },
  {
    name: 'direction of imports',
    run: () =>
      execPackage('dependency-cruiser', 'bin/dependency-cruise.mjs', [
        '--config',
        '.dependency-cruiser.cjs',
        ...['src', 'content', 'offscreen', 'shaders', 'scripts', 'demo', 'bench', 'test'],
      ]),
  },
  {
    name: 'project invariants',
    run: () => execPackage('vitest', 'vitest.mjs', ['run', '--project', 'project', 'test/project']),
  },
];

/** Runs every step, also after one failed, so that one run tells everything. */
export async function runChecks(): Promise<Tally> {
  let failed = 0;
  for (const step of STEPS) {
    console.log(`\n== ${step.name}`);
    if ((await step.run()).status !== 0) failed++;
  }
  return { passed: STEPS.length - failed, failed, skipped: [] };
}

/** `npm run check`. */
export async function main(): Promise<number> {
  const { failed } = await runChecks();
  console.log(failed === 0 ? '\nEverything is in order.' : `\n${failed} of ${STEPS.length} steps failed.`);
  return failed === 0 ? 0 : 1;
}
