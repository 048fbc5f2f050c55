import { runChecks } from './check.ts';
import { printTally, sumTallies } from './lib/tally.ts';
import { runTests } from './test.ts';

/** Everything that must hold before a change is taken; the last line sums all runners. Nothing may be skipped. */
export async function main(): Promise<number> {
  const checks = await runChecks();
  const tests = await runTests([]);
  return printTally(sumTallies([checks, tests]), { strict: true });
}
