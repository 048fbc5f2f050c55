import { formatTable } from '../lib/table.ts';
import { brief } from './check.ts';
import { browserOf, countOf, largestOf } from './entry.ts';
import type { Result } from './verify-model.ts';

const OUTCOMES = ['met', 'missed', 'measured', 'skipped'] as const;

/** Every comparison of one model. */
export function printResult({ model, browser, adapter, backend, precision, checks, unavailable }: Result): void {
  console.log(`\n${model}: ${browser}${adapter ? `, ${adapter}` : ''}, ${backend}, ${precision}`);
  if (unavailable !== undefined) console.log(`  not available: ${unavailable}`);
  for (const { name, outcome, detail } of checks) console.log(`  ${outcome.padEnd(8)} ${name}: ${detail}`);
}

export function printTable(results: readonly Result[]): void {
  const rows = results.map((result) => [
    result.model,
    browserOf(result),
    result.backend,
    result.precision,
    ...(result.unavailable === undefined
      ? OUTCOMES.map((outcome) => String(countOf(result.checks, outcome)))
      : ['-', '-', '-', '-']),
    result.unavailable === undefined ? brief(largestOf(result.checks, 'absolute')) : 'not available',
  ]);
  const headings = ['model', 'browser', 'backend', 'precision', ...OUTCOMES, 'largest error'];
  console.log(`\n${formatTable(headings, rows)}`);
}
