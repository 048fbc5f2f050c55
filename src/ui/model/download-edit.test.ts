import { expect, it } from 'vitest';
import { DEFAULT_DOWNLOADS } from '../../protocol/settings.ts';
import { type DownloadDraft, downloadDraftOf, editDownloads } from './download-edit.ts';

const draft = downloadDraftOf(DEFAULT_DOWNLOADS);
const edit = (changes: Partial<DownloadDraft>) => editDownloads(DEFAULT_DOWNLOADS, { ...draft, ...changes });
const lists = (changes: Partial<DownloadDraft['lists']>) => edit({ lists: { ...draft.lists, ...changes } });

it('changes nothing by itself', () => {
  expect(edit({})).toEqual({ ok: true, downloads: DEFAULT_DOWNLOADS });
});

it('reads addresses and hosts as people type them', () => {
  const edited = edit({
    hubUrl: ' HTTP://127.0.0.1:8080/ ',
    lists: {
      hosts: '\n127.0.0.1:8080\n 127.0.0.1:8080 \nMirror.Example.org',
      mirrors: 'https://mirror.example.org/',
      models: 'hf:Org/*',
    },
    metered: 'allow',
  });
  expect(edited).toEqual({
    ok: true,
    downloads: {
      ...DEFAULT_DOWNLOADS,
      hubUrl: 'http://127.0.0.1:8080',
      hosts: ['127.0.0.1:8080', 'mirror.example.org'],
      mirrors: ['https://mirror.example.org'],
      models: ['hf:Org/*'],
      metered: 'allow',
    },
  });
});

it('reads sizes in their units', () => {
  const numbers = { diskBudgetBytes: '1.5', diskReserveBytes: '0', bandwidthBytesPerS: '2.5' };
  expect(edit({ numbers })).toMatchObject({
    downloads: { diskBudgetBytes: 1.5 * 2 ** 30, diskReserveBytes: 0, bandwidthBytesPerS: 2_500_000 },
  });
});

it.each<[string, ReturnType<typeof edit>, string]>([
  ['a hub with a path', edit({ hubUrl: 'https://example.org/models' }), 'hubUrl'],
  ['a hub with credentials', edit({ hubUrl: 'https://me:secret@huggingface.co' }), 'hubUrl'],
  ['a hub of another scheme', edit({ hubUrl: 'javascript:alert(1)' }), 'hubUrl'],
  ['a host that is an address', lists({ hosts: 'huggingface.co\nhttps://example.org' }), 'hosts'],
  ['a pattern for everything', lists({ hosts: '*' }), 'hosts'],
  ['a mirror without a scheme', lists({ mirrors: 'example.org' }), 'mirrors'],
  ['a model of no source', lists({ models: 'anything' }), 'models'],
  [
    'too many mirrors',
    lists({ mirrors: Array.from({ length: 9 }, (_, i) => `https://m${i}.example.org`).join('\n') }),
    'mirrors',
  ],
  [
    'more disk than there can be',
    edit({ numbers: { ...draft.numbers, diskBudgetBytes: '99999999' } }),
    'diskBudgetBytes',
  ],
])('refuses %s', (_what, edited, field) => {
  expect(edited.ok ? [] : Object.keys(edited.errors)).toEqual([field]);
});

it('refuses sources on hosts that are not allowed', () => {
  expect(edit({ hubUrl: 'http://127.0.0.1:8080' })).toEqual({
    ok: false,
    errors: { hosts: 'Add 127.0.0.1:8080, which is to be asked.' },
  });
  expect(lists({ mirrors: 'https://mirror.example.org' })).toMatchObject({
    errors: { hosts: 'Add mirror.example.org, which is to be asked.' },
  });
});
