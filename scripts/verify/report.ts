import { BACKENDS, PRECISIONS } from '../../src/protocol/hardware-names.ts';
import { formatTable } from '../lib/table.ts';
import { brief, type Check } from './check.ts';
import type { Result } from './verify-model.ts';

const OUTCOMES = ['met', 'missed', 'measured', 'skipped'] as const;

const count = (checks: readonly Check[], wanted: Check['outcome']): number =>
  checks.filter(({ outcome }) => outcome === wanted).length;

/** The browser without its release, as the command line has it. */
const browserOf = ({ browser }: Result): string => (browser.split(' ')[0] ?? '').toLowerCase();

/** What identifies a result: another one of the same key takes its place. */
export const keyOf = (result: Result): string =>
  [browserOf(result), result.backend, result.precision, result.model].join(' ');

/** The largest deviation: of numbers within absolute bounds their error, of others their root mean square. */
function largest(checks: readonly Check[], part: 'absolute' | 'rms'): number {
  return checks.reduce((most, { deviation }) => Math.max(most, deviation?.[part] ?? 0), 0);
}

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
      ? OUTCOMES.map((outcome) => String(count(result.checks, outcome)))
      : ['-', '-', '-', '-']),
    result.unavailable === undefined ? brief(largest(result.checks, 'absolute')) : 'not available',
  ]);
  const headings = ['model', 'browser', 'backend', 'precision', ...OUTCOMES, 'largest error'];
  console.log(`\n${formatTable(headings, rows)}`);
}

/** `docs/models.md`. */
export function pageOf(results: readonly Result[]): string {
  const models = [...new Set(results.map(({ model }) => model))].sort();
  const settings = settingsOf(results);
  const lines = models.map((model) => {
    const cells = settings.map(({ key }) => cellOf(results.find((one) => keyOf(one) === `${key} ${model}`)));
    return `| ${[model, ...cells].join(' | ')} |`;
  });
  return `# Models

Classes of checkpoints that run straight from their original files, and how many golden results of a tiny reference model of each (in
\`test/fixtures/models\`) are met when a site asks for them. Chromium has the extension; in Firefox, where the extension does not run yet, the host is a plain
page. Written by \`npm run verify -- --all --json FILE --markdown docs/models.md\`; not to be edited by hand.

A cell says how many results are met and how many are missed; then, of numbers that a model computes, the largest absolute error in \`fp32\`, and in fewer
bits the largest root mean square of the errors as a share of what is right. In \`fp32\` the tolerances of the golden files hold, and tokens,
labels and texts have to be the same. In fewer bits a result has to be what onnxruntime's native kernels compute of weights stored in the same bits, but for rounding (\`scripts/verify/bounds.ts\`); tokens, labels, scores and texts that differ
are told (*differ*), because nothing says how far they may be off.

| model | ${settings.map(({ title }) => title).join(' | ')} |
| --- | ${settings.map(() => '---').join(' | ')} |
${lines.join('\n')}

Computed with ${listed(results.map(({ browser, adapter }) => (adapter ? `${browser} on ${adapter}` : browser)))}.

## Not measured

${notMeasured(results).join('\n')}

## Skipped

What a site cannot ask for, with the number of results that it concerns in one setting:

${skippedReasons(results).join('\n')}

Texts, pictures and sounds are turned into tensors by the extension's own code without a browser ("in Node"), because sites are not shown these; that browsers
decode files to the same pixels and samples is what the tasks show.
`;
}

/** Browsers, backends and precisions in which something was computed. */
function settingsOf(results: readonly Result[]) {
  const found = new Map<string, string>();
  for (const result of results) {
    if (result.unavailable !== undefined) continue;
    const { backend, precision } = result;
    const browser = result.browser.split(' ')[0];
    found.set([browserOf(result), backend, precision].join(' '), `${browser} ${backend} ${precision}`);
  }
  return [...found].map(([key, title]) => ({ key, title }));
}

function cellOf(result: Result | undefined): string {
  if (!result) return 'not measured';
  if (result.unavailable !== undefined) return 'not available';
  const { checks, precision } = result;
  const [met, missed, differ] = (['met', 'missed', 'measured'] as const).map((outcome) => count(checks, outcome));
  const computed = checks.filter(({ name }) => name.startsWith('forward') || name.startsWith('logprobs'));
  const error = brief(largest(computed, precision === 'fp32' ? 'absolute' : 'rms'));
  return `${met} met, ${missed ? `**${missed} missed**` : '0 missed'}${differ ? `, ${differ} differ` : ''}; ${error}`;
}

/** Settings in which nothing was computed, and why where that is known. */
function notMeasured(results: readonly Result[]): string[] {
  const lines: string[] = [];
  for (const browser of ['chromium', 'firefox', 'webkit']) {
    for (const backend of BACKENDS) {
      for (const precision of PRECISIONS) {
        const own = results.filter((one) => keyOf(one).startsWith(`${browser} ${backend} ${precision} `));
        if (own.some(({ unavailable }) => unavailable === undefined)) continue;
        const why = own[0]?.unavailable;
        lines.push(`- ${browser}, ${backend}, ${precision}${why === undefined ? '' : `: ${why}`}`);
      }
    }
  }
  return lines.length > 0 ? lines : ['Nothing.'];
}

function skippedReasons(results: readonly Result[]): string[] {
  const counts = new Map<string, Map<string, number>>();
  for (const { model, checks } of results) {
    for (const { outcome, detail } of checks) {
      if (outcome !== 'skipped') continue;
      const models = counts.get(detail) ?? new Map<string, number>();
      counts.set(
        detail,
        models.set(
          model,
          count(
            checks.filter((other) => other.detail === detail),
            'skipped',
          ),
        ),
      );
    }
  }
  const lines = [...counts].map(([reason, models]) => {
    const told = [...models].map(([model, number]) => `${model} ${number}`);
    return `- ${reason}: ${told.join(', ')}`;
  });
  return lines.length > 0 ? lines : ['Nothing.'];
}

const listed = (names: readonly string[]): string => [...new Set(names)].sort().join('; ');
