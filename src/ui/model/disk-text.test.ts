import { describe, expect, it } from 'vitest';
import type { StoredModel } from '../../protocol/store.ts';
import { actedText, downloadFigure, storedFacts } from './disk-text.ts';

const NOW = 1_800_000_000_000;
const MODEL: StoredModel = {
  card: {
    name: 'hf:org/name',
    title: 'Name',
    description: 'A model.',
    licence: 'mit',
    tasks: ['text-generation'],
    source: 'hub',
    diskBytes: 4 * 2 ** 20,
    downloadBytes: 0,
    residentBytes: 2 ** 20,
  },
  storedBytes: 4 * 2 ** 20,
  compiledBytes: 2 ** 20,
  pinned: false,
  inUse: false,
  addedAt: NOW,
  lastUsedAt: NOW - 7_200_000,
  sites: ['https://a.example https://a.example'],
  isPrivate: false,
  fromArchive: false,
};

it('says what is on disk of a model', () => {
  const facts = storedFacts(MODEL, NOW);
  expect(facts).toHaveLength(4);
  expect(facts.join(', ')).toMatch(/of files, .* compiled, used by 1 site, last used /);
  const part = { ...MODEL, card: { ...MODEL.card, downloadBytes: 3 }, compiledBytes: 0, sites: [] };
  expect(storedFacts(part, NOW).join(', ')).toMatch(/ of .* here, used by no site, last used /);
});

it('says how far a download is', () => {
  const download = { name: 'hf:org/name', presentBytes: 2 ** 20, totalBytes: 2 ** 21, bytesPerS: 2 ** 20 };
  expect(downloadFigure(download)).toMatch(/ of .*, .* a second$/);
  expect(downloadFigure({ ...download, bytesPerS: 0 })).not.toContain('second');
  expect(downloadFigure({ ...download, error: 'No.' })).toMatch(/, stopped$/);
});

describe('what was done', () => {
  it.each([
    ['remove', { outcome: 'done' }, 'Name left the disk.'],
    ['remove', { outcome: 'in-use' }, 'Name is in use. Unload it first, then remove it.'],
    ['remove', { outcome: 'unknown' }, 'Name is not on disk.'],
    ['cancel', { outcome: 'unknown' }, 'Name was not being downloaded.'],
    ['check', { outcome: 'done' }, 'Name is being checked.'],
    ['pin', { outcome: 'done' }, 'Name is pinned: it stays on disk, and is made ready when the browser starts.'],
  ] as const)('%s: %o', (act, outcome, text) => {
    expect(actedText(act, 'Name', outcome)).toBe(text);
  });
});
