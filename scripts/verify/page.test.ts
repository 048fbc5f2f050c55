import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { measured, met, missed, skipped } from './check.ts';
import { type Entry, entryOf, formatEntries, keyOf, readEntries, sortedEntries } from './entry.ts';
import { pageOf } from './page.ts';
import type { Result } from './verify-model.ts';

const result: Result = {
  model: 'vit',
  browser: 'Firefox 1.2',
  adapter: 'paper',
  backend: 'webgpu',
  precision: 'q8',
  checks: [
    { ...met('forward one: logits', 'near'), deviation: { absolute: 5, relative: 3, rms: 0.25 } },
    { ...measured('task: scores', 'other'), deviation: { absolute: 9, relative: 9, rms: 9 } },
    met('task: labels', 'the same'),
    missed('task: text', 'another'),
    skipped('caches', 'not shown'),
    skipped('more caches', 'not shown'),
  ],
};

const mapOf = (...entries: readonly Entry[]) => new Map(entries.map((entry) => [keyOf(entry), entry]));

it('keeps of a result what the page says', () => {
  const entry = entryOf(result);
  expect(entry).toMatchObject({ met: 2, missed: 1, differ: 1, error: 0.25, skipped: { 'not shown': 2 } });
  expect(entry).not.toHaveProperty('checks');
  expect(keyOf(entry)).toBe(keyOf(result));
  expect(entryOf({ ...result, precision: 'fp32' }).error).toBe(5);
  const page = pageOf([entry]);
  expect(page).toContain('## q8\n\n| model | Firefox webgpu |\n');
  expect(page).toContain('| vit | 2 met, **1 missed**, 1 differ; 2.5e-1 |');
  expect(page).toContain('Computed with Firefox 1.2 on paper.');
  expect(page).toContain('- not shown: vit 2');
});

it('tells what is not to be had, and what nobody tried', () => {
  const without = {
    ...entryOf({ ...result, checks: [] }),
    precision: 'fp16',
    unavailable: 'No shader-f16 here.',
  } as const;
  const page = pageOf([entryOf(result), without]);
  expect(page).toContain('- firefox, webgpu, fp16: No shader-f16 here.');
  expect(page).toContain('- webkit, wasm, fp32\n');
  expect(page).not.toContain('## fp16');
});

it('finds again what it wrote, in an order that does not depend on when it was computed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'webplat-entries-'));
  try {
    const [one, other] = [entryOf(result), entryOf({ ...result, model: 'bert' })];
    const text = formatEntries(mapOf(one, other));
    expect(formatEntries(mapOf(other, one))).toBe(text);
    await writeFile(path.join(folder, 'page.json'), text);
    expect(sortedEntries(await readEntries(path.join(folder, 'page.json')))).toEqual([other, one]);
    expect(await readEntries(path.join(folder, 'none.json'))).toEqual(new Map());
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('is what docs/models.md says', async () => {
  const entries = await readEntries('docs/models.json');
  expect(entries.size).toBeGreaterThan(0);
  expect(await readFile('docs/models.md', 'utf8')).toBe(pageOf(sortedEntries(entries)));
});
