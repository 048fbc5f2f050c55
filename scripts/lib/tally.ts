import { readFile } from 'node:fs/promises';

/** What a runner counted. A skipped test is one that nobody ran: where every test must run, it counts as failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Reads vitest's JSON report. A file that broke before its tests ran, and an unhandled error, each count as a failure. */
export async function readVitestReport(file: string): Promise<Tally> {
  return tallyVitest(JSON.parse(await readFile(file, 'utf8')) as VitestReport);
}

/** See {@link readVitestReport}. */
export function tallyVitest(report: VitestReport): Tally {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = tests.filter((test) => test.status === 'failed').length + brokenFiles.length;
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: failed === 0 && !report.success ? 1 : failed,
    skipped: tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').map((test) => test.fullName),
  };
}

/** Sums tallies into one. */
export function sumTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
    failed: tallies.reduce((sum, tally) => sum + tally.failed, 0),
    skipped: tallies.flatMap((tally) => tally.skipped),
  };
}

/** Lists what was skipped and prints `N passed, M failed` as the last line; answers the exit status. */
export function printTally(tally: Tally, { strict }: { strict: boolean }): number {
  for (const name of tally.skipped) console.log(`skipped: ${name}`);
  const failed = tally.failed + (strict ? tally.skipped.length : 0);
  console.log(`${tally.passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
