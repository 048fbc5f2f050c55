import { expect, it } from 'vitest';
import { makeSite, NOW } from '../../../test/ui/fake-state.ts';
import { groupSites, searchSites } from './site-list.ts';

const origins = (sites: readonly { subject: { invoker: string } }[]) => sites.map(({ subject }) => subject.invoker);

it('puts running sites first, then recent ones, then by name', () => {
  const sites = [
    makeSite('https://b.example', { lastUsedAt: 1 }),
    makeSite('https://a10.example', { lastUsedAt: 1 }),
    makeSite('https://a9.example', { lastUsedAt: 1 }),
    makeSite('https://recent.example', { lastUsedAt: 5 }),
    makeSite('https://running.example', { lastUsedAt: 0, active: 1 }),
    makeSite('https://denied.example', { grants: [], deniedUntil: NOW + 1 }),
    makeSite('https://former.example', { grants: [] }),
  ];
  const groups = groupSites(sites, NOW);
  expect(origins(groups.allowed)).toEqual([
    'https://running.example',
    'https://recent.example',
    'https://a9.example',
    'https://a10.example',
    'https://b.example',
  ]);
  expect(origins(groups.denied)).toEqual(['https://denied.example']);
  expect(origins(groups.former)).toEqual(['https://former.example']);
});

it('finds a site by words of its address or of the page around it', () => {
  const frame = makeSite('https://widget.example', {
    subject: { invoker: 'https://widget.example', topOrigin: 'https://news.example.org' },
  });
  const sites = [frame, makeSite('https://other.example')];
  expect(searchSites(sites, ' NEWS  widget ')).toEqual([frame]);
  expect(searchSites(sites, '')).toBe(sites);
  expect(searchSites(sites, 'nowhere')).toEqual([]);
});
