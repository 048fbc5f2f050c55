import { BACKENDS, PRECISIONS } from '../../src/protocol/hardware-names.ts';
import { brief } from './check.ts';
import { type Entry, keyOf } from './entry.ts';

/** `docs/models.md`. */
export function pageOf(entries: readonly Entry[]): string {
  const tables = PRECISIONS.flatMap((precision) => tableOf(entries.filter((one) => one.precision === precision)));
  return `# Models

Classes of checkpoints that run straight from their original files, and how many golden results of a tiny reference model of each (in
\`test/fixtures/models\`) are met when a site asks for them. Chromium has the extension; in Firefox, where the extension does not run yet, the host is a plain
page. Written by \`npm run verify -- FOLDER | --all ... --markdown docs/models.md\` from the figures of that run and, for other settings, of earlier ones, which are
kept in \`docs/models.json\`; not to be edited by hand.

A cell says how many results are met and how many are missed; then, of numbers that a model computes, the largest absolute error in \`fp32\`, and in fewer
bits the largest root mean square of the errors as a share of what is right. In \`fp32\` the tolerances of the golden files hold, and tokens,
labels and texts have to be the same. In fewer bits a result has to be what onnxruntime's native kernels compute of weights stored in the same bits, but for rounding (\`scripts/verify/bounds.ts\`); tokens, labels, scores and texts that differ
are told (*differ*), because nothing says how far they may be off.

${tables.join('\n\n')}

Computed with ${listed(entries.map(({ browser, adapter }) => (adapter ? `${browser} on ${adapter}` : browser)))}.

## Not measured

${notMeasured(entries).join('\n')}

## Skipped

What a site cannot ask for, with the number of results that it concerns in one setting:

${skippedReasons(entries).join('\n')}

Texts, pictures and sounds are turned into tensors by the extension's own code without a browser ("in Node"), because sites are not shown these; that browsers
decode files to the same pixels and samples is what the tasks show.
`;
}

/** The results of one precision under its name, a column for each browser and backend; nothing where there are none. */
function tableOf(entries: readonly Entry[]): string[] {
  const computed = entries.filter(({ unavailable }) => unavailable === undefined);
  const [first] = computed;
  if (!first) return [];
  const titleOf = ({ browser, backend }: Entry) => `${browser.split(' ')[0]} ${backend}`;
  const titles = [...new Set(computed.map(titleOf))];
  const models = [...new Set(computed.map(({ model }) => model))].sort();
  const rows = models.map((model) => {
    const own = entries.filter((entry) => entry.model === model);
    return [model, ...titles.map((title) => cellOf(own.find((entry) => titleOf(entry) === title)))];
  });
  const lines = [['model', ...titles], ['---', ...titles.map(() => '---')], ...rows];
  return [`## ${first.precision}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`];
}

function cellOf(entry: Entry | undefined): string {
  if (!entry) return 'not measured';
  if (entry.unavailable !== undefined) return 'not available';
  const { met, missed, differ, error } = entry;
  return `${met} met, ${missed ? `**${missed} missed**` : '0 missed'}${differ ? `, ${differ} differ` : ''}; ${brief(error)}`;
}

/** Settings in which nothing was computed, and why where that is known. */
function notMeasured(entries: readonly Entry[]): string[] {
  const lines: string[] = [];
  for (const browser of ['chromium', 'firefox', 'webkit']) {
    for (const backend of BACKENDS) {
      for (const precision of PRECISIONS) {
        const own = entries.filter((one) => keyOf(one).startsWith(`${browser} ${backend} ${precision} `));
        if (own.some(({ unavailable }) => unavailable === undefined)) continue;
        const why = own[0]?.unavailable;
        lines.push(`- ${browser}, ${backend}, ${precision}${why === undefined ? '' : `: ${why}`}`);
      }
    }
  }
  return lines.length > 0 ? lines : ['Nothing.'];
}

function skippedReasons(entries: readonly Entry[]): string[] {
  const told = new Map<string, Map<string, number>>();
  for (const { model, skipped } of entries) {
    for (const [reason, number] of Object.entries(skipped)) {
      told.set(reason, (told.get(reason) ?? new Map<string, number>()).set(model, number));
    }
  }
  const lines = [...told].map(([reason, models]) => {
    return `- ${reason}: ${[...models].map(([model, number]) => `${model} ${number}`).join(', ')}`;
  });
  return lines.length > 0 ? lines : ['Nothing.'];
}

const listed = (names: readonly string[]): string => [...new Set(names)].sort().join('; ');
