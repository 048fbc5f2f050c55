import { OVERRIDE } from './browsers/candidates.ts';
import { ensureBrowser } from './browsers/ensure.ts';
import { BrowserError } from './browsers/find.ts';
import { execPackage } from './lib/exec.ts';
import { printTally, readVitestReport, type Tally } from './lib/tally.ts';

const REPORT = 'test-results/vitest.json';

/** Runs all tests (or those that the arguments select) and counts them. Browsers are found, or installed, first. */
export async function runTests(args: readonly string[]): Promise<Tally> {
  const chromium = await ensureBrowser('chromium');
  const firefox = await ensureBrowser('firefox');
  const { status } = await execPackage(
    'vitest',
    'vitest.mjs',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`, ...args],
    { env: { [OVERRIDE.chromium]: chromium.path, [OVERRIDE.firefox]: firefox.path } },
  );
  const tally = await readVitestReport(REPORT);
  return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

/** `npm test`. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return printTally(await runTests(args), { strict: process.env.CI === 'true' });
  } catch (error) {
    if (!(error instanceof BrowserError)) throw error;
    console.error(error.message);
    return 1;
  }
}
