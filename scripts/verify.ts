import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { familyOf } from '../offscreen/families/registry.ts';
import type { PerformedTask } from '../src/protocol/tasks/tasks.ts';
import { uiSettingsSet } from '../src/protocol/ui/ui-settings-set.ts';
import { ensureBuild } from '../test/support/build.ts';
import { launchExtension } from '../test/support/extension-browser.ts';
import { openGolden } from '../test/support/golden.ts';
import { hubSettings, serveHub } from '../test/support/hub/hub.ts';
import { repoOfFolder } from '../test/support/hub/repo.ts';
import { allow } from '../test/support/page-client.ts';
import { serveSites } from '../test/support/sites.ts';
import { openUiClient } from '../test/support/ui-client.ts';
import { readArgs, UsageError } from './lib/args.ts';
import { formatTable } from './lib/table.ts';
import { checkForward, checkGeneration, checkTasks } from './verify/cases.ts';
import type { Check } from './verify/check.ts';

const FIXTURES = 'test/fixtures/models';
const BACKENDS = ['wasm', 'webgpu'] as const;

const USAGE = `npm run verify -- FOLDER | --all [--backend ${BACKENDS.join('|')}] [--json FILE] [--markdown FILE]
  FOLDER holds a checkpoint with golden.json and golden.safetensors. It is served as a hub would, and asked for as a site does, in Chromium.
  --all        every reference model of the project
  --backend    where it runs; wasm if left out
  --json FILE      keeps every comparison
  --markdown FILE  writes the table that docs/models.md is`;

/** `npm run verify`: exits non-zero when a golden result is missed, or when there was none to compare with. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, words } = readArgs(args, { all: 'flag', backend: 'text', json: 'text', markdown: 'text' });
    const backend = BACKENDS.find((name) => name === (values.backend ?? 'wasm'));
    if (!backend) throw new UsageError(`The backend is one of ${BACKENDS.join(', ')}.`);
    const [folder] = words;
    if (values.all ? words.length > 0 : folder === undefined || words.length > 1)
      throw new UsageError('Name one folder.');
    const folders = values.all
      ? (await readdir(FIXTURES)).map((name) => `${FIXTURES}/${name}`)
      : [path.resolve(folder ?? '')];
    const results: Record<string, readonly Check[]> = {};
    for (const one of folders) results[path.basename(one)] = await verify(one, backend);
    report(results);
    if (values.json) await writeFile(values.json, `${JSON.stringify({ backend, results }, null, 2)}\n`);
    if (values.markdown) await writeFile(values.markdown, pageOf(results, backend));
    const all = Object.values(results).flat();
    return all.some(({ outcome }) => outcome === 'missed') || !all.some(({ outcome }) => outcome === 'met') ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 1;
  }
}

/** Serves a checkpoint and asks for everything that its golden file has results of. */
async function verify(folder: string, backend: (typeof BACKENDS)[number]): Promise<readonly Check[]> {
  const golden = await openGolden(folder);
  const extension = await ensureBuild('dist');
  const hub = await serveHub({ 'org/model': await repoOfFolder(folder) });
  const sites = await serveSites();
  const browser = await launchExtension({ extension, adapter: 'auto' });
  try {
    for (const name of await readdir(path.join(folder, 'inputs')).catch(() => [])) {
      const body = await readFile(path.join(folder, 'inputs', name));
      sites.add('site', `/inputs/${name}`, { body, type: 'application/octet-stream' });
    }
    const ui = await openUiClient(browser);
    await ui.call(uiSettingsSet, { ...hubSettings(hub), backend });
    const page = await browser.open(`${sites.origin('site')}/`);
    const model = 'hf:org/model';
    const tasks = [
      ...(Object.keys(familyOf(golden.config).tasks(golden.config)) as PerformedTask[]),
      'tensors' as const,
    ];
    const granted = await allow(browser, page, { models: [model], tasks, limits: { maxRatePerMinute: 100_000 } });
    if (!granted.ok) throw new Error(granted.message);
    return [
      ...(await checkForward(page, model, golden)),
      ...(await checkGeneration(page, model, golden)),
      ...(await checkTasks(page, model, golden)),
    ];
  } finally {
    await browser.close();
    await sites.close();
    await hub.close();
  }
}

function report(results: Readonly<Record<string, readonly Check[]>>): void {
  for (const [model, checks] of Object.entries(results)) {
    console.log(`\n${model}`);
    for (const { name, outcome, detail } of checks) console.log(`  ${outcome.padEnd(7)} ${name}: ${detail}`);
  }
  const rows = rowsOf(results);
  console.log(`\n${formatTable(['model', 'met', 'missed', 'skipped'], rows)}`);
}

/** Numbers of comparisons of each model: met, missed, skipped. */
function rowsOf(results: Readonly<Record<string, readonly Check[]>>): string[][] {
  const count = (checks: readonly Check[], wanted: Check['outcome']) =>
    String(checks.filter(({ outcome }) => outcome === wanted).length);
  return Object.entries(results).map(([model, checks]) => [
    model,
    count(checks, 'met'),
    count(checks, 'missed'),
    count(checks, 'skipped'),
  ]);
}

/** `docs/models.md`. */
function pageOf(results: Readonly<Record<string, readonly Check[]>>, backend: string): string {
  const lines = rowsOf(results).map((row) => `| ${row.join(' | ')} |`);
  return `# Models

Classes of checkpoints that run straight from their original files, and how many golden results of a tiny reference model of each (in
\`${FIXTURES}\`) are met when a site asks for them through the extension in Chromium, on ${backend}. Written by
\`npm run verify -- --all --markdown docs/models.md\`; not to be edited by hand.

Skipped is what the page API cannot ask for: outputs that no single graph gives, padded batches of decoders, caches as inputs, options that it has
not. The tests of graphs and of tasks compare those on onnxruntime's native kernels and, token by token, in the browser.

| model | met | missed | skipped |
| --- | ---: | ---: | ---: |
${lines.join('\n')}
`;
}
