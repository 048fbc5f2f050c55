import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BACKENDS, type BackendName, PRECISIONS, type Precision } from '../src/protocol/hardware-names.ts';
import { readArgs, UsageError } from './lib/args.ts';
import { type Entry, entryOf, formatEntries, keyOf, readEntries, sortedEntries } from './verify/entry.ts';
import { VerifyFailure } from './verify/failure.ts';
import { openFolder } from './verify/folder.ts';
import { pageOf } from './verify/page.ts';
import { printResult, printTable } from './verify/report.ts';
import { BROWSERS, type BrowserName, openStage, type StageName } from './verify/stage.ts';
import { type Result, verifyModel } from './verify/verify-model.ts';

const FIXTURES = 'test/fixtures/models';

const USAGE = `npm run verify -- FOLDER | --all [--browser ${BROWSERS.join('|')}] [--backend ${BACKENDS.join('|')}] [--precision ${PRECISIONS.join('|')}]
                        [--json FILE] [--raw DIR] [--markdown FILE]
  FOLDER holds a checkpoint with golden.json and golden.safetensors. It is served as a hub would, and asked for as a site does: in Chromium through
  the extension, in other browsers through the host as a plain page. What is wrong by more than allowed makes the command fail.
  --all        every reference model of the project, in every browser, backend and precision that the other options do not rule out
  --browser    chromium if left out
  --backend    wasm if left out
  --precision  fp32 if left out: the tolerances of the golden file. In fewer bits, results are compared with native kernels on the same bits, and errors told
  --json FILE      keeps every comparison, next to those of other settings that are in the file already
  --raw DIR        writes what was computed as safetensors, CASE/OUTPUT in the shapes of the golden file
  --markdown FILE  writes the page that docs/models.md is; what it says of other settings comes from the file of the same name that ends in .json, and what was
                   computed now goes there`;

interface Plan {
  readonly folders: readonly string[];
  readonly browsers: readonly BrowserName[];
  readonly backends: readonly BackendName[];
  readonly precisions: readonly Precision[];
  readonly json: string | undefined;
  readonly raw: string | undefined;
  readonly markdown: string | undefined;
}

/** `npm run verify`: exits non-zero when a golden result is missed, or when there was none to compare with. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const plan = await readPlan(args);
    const results = await verifyAll(plan);
    printTable(results);
    for (const { browser, unavailable } of results) {
      if (unavailable !== undefined && plan.folders.length === 1) console.error(`${browser}: ${unavailable}`);
    }
    const all = results.flatMap(({ checks }) => checks);
    return all.some(({ outcome }) => outcome === 'missed') || !all.some(({ outcome }) => outcome === 'met') ? 1 : 0;
  } catch (error) {
    if (error instanceof VerifyFailure) console.error(error.message);
    else if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
    else throw error;
    return 1;
  }
}

async function readPlan(args: readonly string[]): Promise<Plan> {
  const { values, words } = readArgs(args, {
    all: 'flag',
    browser: 'text',
    backend: 'text',
    precision: 'text',
    json: 'text',
    raw: 'text',
    markdown: 'text',
  });
  const { all, json, raw, markdown } = values;
  const [folder] = words;
  if (all ? words.length > 0 : folder === undefined || words.length > 1) throw new UsageError('Name one folder.');
  const choose = <T extends string>(
    name: string,
    given: string | undefined,
    known: readonly T[],
    usual: readonly T[],
  ) => {
    if (given === undefined) return all ? known : usual;
    const found = known.filter((one) => one === given);
    if (found.length === 0) throw new UsageError(`The ${name} is one of ${known.join(', ')}.`);
    return found;
  };
  return {
    folders: all ? (await readdir(FIXTURES)).sort().map((name) => `${FIXTURES}/${name}`) : [path.resolve(folder ?? '')],
    browsers: choose('browser', values.browser, BROWSERS, ['chromium']),
    backends: choose('backend', values.backend, BACKENDS, ['wasm']),
    precisions: choose('precision', values.precision, PRECISIONS, ['fp32']),
    json,
    raw,
    markdown,
  };
}

/** Verifies every model in every setting, one browser after the other, and keeps what is known after each. */
async function verifyAll(plan: Plan): Promise<readonly Result[]> {
  const { folders, browsers, backends, precisions } = plan;
  const models = await Promise.all(folders.map(openFolder));
  const kept = await readKept(plan);
  const results: Result[] = [];
  const wanted = backends.flatMap((backend) => precisions.map((precision) => ({ backend, precision })));
  const stages = browsers.flatMap((browser) => stagesOf(browser, wanted));
  for (const { browser, name, settings } of stages) {
    const stage = await openStage(name).catch((error) => {
      // Of several browsers, those that are here are enough.
      if (!(error instanceof VerifyFailure) || stages.length === 1) throw error;
      console.error(error.message);
    });
    if (!stage) continue;
    try {
      for (const setting of settings) {
        for (const golden of models) {
          const several = browsers.length * wanted.length > 1;
          const raw = plan.raw && (several ? path.join(plan.raw, browser, ...Object.values(setting)) : plan.raw);
          const result = await verifyModel(stage, golden, setting, raw);
          printResult(result);
          results.push(result);
          kept.results.set(keyOf(result), result);
          kept.entries.set(keyOf(result), entryOf(result));
          await keep(plan, kept);
          // What one model lacks here, the others lack too.
          if (result.unavailable !== undefined) break;
        }
      }
    } finally {
      await stage.close();
    }
  }
  return results;
}

type Setting = Parameters<typeof verifyModel>[2];

/** Programs that a browser's settings need: Chromium has WebNN in another one. */
function stagesOf(browser: BrowserName, settings: readonly Setting[]) {
  const stage = (name: StageName, own: readonly Setting[]) =>
    own.length > 0 ? [{ browser, name, settings: own }] : [];
  if (browser !== 'chromium') return stage(browser, settings);
  return [
    ...stage(
      'chromium',
      settings.filter(({ backend }) => backend !== 'webnn'),
    ),
    ...stage(
      'headless-shell',
      settings.filter(({ backend }) => backend === 'webnn'),
    ),
  ];
}

/** What earlier runs computed, by their keys: in full for `--json`, in brief for `--markdown`. */
interface Kept {
  readonly results: Map<string, Result>;
  readonly entries: Map<string, Entry>;
}

async function readKept({ json, markdown }: Plan): Promise<Kept> {
  const text = json === undefined ? undefined : await readFile(json, 'utf8').catch(() => undefined);
  const { results = [] } = text === undefined ? {} : (JSON.parse(text) as { results?: Result[] });
  const entries = markdown === undefined ? new Map<string, Entry>() : await readEntries(besideOf(markdown));
  for (const result of results) entries.set(keyOf(result), entryOf(result));
  return { results: new Map(results.map((result) => [keyOf(result), result])), entries };
}

/** What the page says is kept beside it, so that one setting can be computed again without all others. */
const besideOf = (markdown: string): string => `${markdown.replace(/\.md$/, '')}.json`;

async function keep({ json, markdown }: Plan, kept: Kept): Promise<void> {
  if (json) await writeFile(json, `${JSON.stringify({ results: [...kept.results.values()] }, null, 2)}\n`);
  if (!markdown) return;
  await writeFile(besideOf(markdown), formatEntries(kept.entries));
  await writeFile(markdown, pageOf(sortedEntries(kept.entries)));
}
