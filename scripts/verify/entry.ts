import { readFile } from 'node:fs/promises';
import type { Check } from './check.ts';
import type { Setting } from './subject.ts';
import type { Result } from './verify-model.ts';

/** What is kept of one model in one setting: a cell of `docs/models.md`. */
export interface Entry extends Setting {
  readonly model: string;
  /** The browser with its release. */
  readonly browser: string;
  readonly adapter?: string | undefined;
  readonly met: number;
  readonly missed: number;
  /** Results that are told and not judged. */
  readonly differ: number;
  /** Of what graphs compute: the largest absolute error in `fp32`, else the largest root mean square as a share. */
  readonly error: number;
  /** Reasons of what was skipped, with the number of results. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly unavailable?: string;
}

/** The browser without its release, as the command line has it. */
export const browserOf = ({ browser }: { readonly browser: string }): string =>
  (browser.split(' ')[0] ?? '').toLowerCase();

/** What identifies a result: another one of the same key takes its place. */
export const keyOf = (one: Setting & { readonly browser: string; readonly model: string }): string =>
  [browserOf(one), one.backend, one.precision, one.model].join(' ');

export const countOf = (checks: readonly Check[], wanted: Check['outcome']): number =>
  checks.filter(({ outcome }) => outcome === wanted).length;

/** The largest deviation: of numbers within absolute bounds their error, of others their root mean square. */
export function largestOf(checks: readonly Check[], part: 'absolute' | 'rms'): number {
  return checks.reduce((most, { deviation }) => Math.max(most, deviation?.[part] ?? 0), 0);
}

export function entryOf({ checks, ...about }: Result): Entry {
  const computed = checks.filter(({ name }) => name.startsWith('forward') || name.startsWith('logprobs'));
  const skipped: Record<string, number> = {};
  for (const { outcome, detail } of checks) {
    if (outcome === 'skipped') skipped[detail] = (skipped[detail] ?? 0) + 1;
  }
  return {
    ...about,
    met: countOf(checks, 'met'),
    missed: countOf(checks, 'missed'),
    differ: countOf(checks, 'measured'),
    error: Number(largestOf(computed, about.precision === 'fp32' ? 'absolute' : 'rms').toPrecision(3)),
    skipped,
  };
}

/** Entries in a file of {@link formatEntries}; none where there is no such file. */
export async function readEntries(file: string): Promise<Map<string, Entry>> {
  const text = await readFile(file, 'utf8').catch(() => '[]');
  return new Map((JSON.parse(text) as Entry[]).map((entry) => [keyOf(entry), entry]));
}

/** One entry a line, in the order of their keys, so that a change of one is a change of one line. */
export function formatEntries(entries: ReadonlyMap<string, Entry>): string {
  const lines = sortedEntries(entries).map((entry) => JSON.stringify(entry));
  return `[\n${lines.join(',\n')}\n]\n`;
}

export const sortedEntries = (entries: ReadonlyMap<string, Entry>): readonly Entry[] =>
  [...entries].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
