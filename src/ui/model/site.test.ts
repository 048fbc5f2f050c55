import { describe, expect, it } from 'vitest';
import { makeGrant, makeSite, NOW } from '../../../test/ui/fake-state.ts';
import { endText } from './caveats.ts';
import { pageOf } from './page.ts';
import { computeQuota, siteState } from './site.ts';

const ORIGIN = 'https://example.org';

describe('siteState', () => {
  it('counts grants in force and nothing else as allowed', () => {
    expect(siteState(makeSite(ORIGIN), NOW)).toBe('allowed');
    const expired = makeSite(ORIGIN, { grants: [makeGrant(ORIGIN, { caveats: { expiry: NOW } })] });
    expect(siteState(expired, NOW)).toBe('former');
    const broken = makeGrant(ORIGIN);
    expect(siteState(makeSite(ORIGIN, { grants: [{ ...broken, caveats: broken.caveats.slice(1) }] }), NOW)).toBe(
      'former',
    );
  });

  it('tells denied, former and unasked sites apart', () => {
    expect(siteState(makeSite(ORIGIN, { grants: [], deniedUntil: NOW + 1 }), NOW)).toBe('denied');
    expect(siteState(makeSite(ORIGIN, { grants: [], deniedUntil: NOW }), NOW)).toBe('former');
    const { lastUsedAt: _, ...fresh } = makeSite(ORIGIN, { grants: [], calls: 0 });
    expect(siteState(fresh, NOW)).toBe('unasked');
  });
});

it('takes the largest quota of the grants in force', () => {
  const grants = [
    makeGrant(ORIGIN, { caveats: { maxComputeMsPerDay: 5 } }),
    makeGrant(ORIGIN, { caveats: { maxComputeMsPerDay: 7 } }),
    makeGrant(ORIGIN, { caveats: { maxComputeMsPerDay: 9, expiry: NOW - 1 } }),
  ];
  expect(computeQuota(makeSite(ORIGIN, { grants }), NOW)).toBe(7);
  expect(computeQuota(makeSite(ORIGIN, { grants: [] }), NOW)).toBeUndefined();
});

it('says when a grant ends', () => {
  expect(endText(makeGrant(ORIGIN), NOW)).toBe('Until you revoke it');
  expect(endText(makeGrant(ORIGIN, { lifetime: { kind: 'browser-session' } }), NOW)).toBe(
    'Ends when you quit the browser',
  );
  expect(endText(makeGrant(ORIGIN, { caveats: { expiry: NOW + 3_600_000 } }), NOW)).toMatch(/^Ends in 1 hour \(/);
  expect(endText(makeGrant(ORIGIN, { caveats: { expiry: NOW } }), NOW)).toBe('Ended');
});

it.each([
  ['https://example.org/a?b', { kind: 'site', origin: 'https://example.org' }],
  ['http://app.localhost:3000/', { kind: 'site', origin: 'http://app.localhost:3000' }],
  ['http://127.0.0.1:3000/', { kind: 'site', origin: 'http://127.0.0.1:3000' }],
  ['http://example.org/', { kind: 'unsupported' }],
  ['http://localhost.example.org/', { kind: 'unsupported' }],
  ['chrome://settings/', { kind: 'unsupported' }],
  ['file:///tmp/a.html', { kind: 'unsupported' }],
  ['', { kind: 'unsupported' }],
  [undefined, { kind: 'unsupported' }],
])('classifies the page %s', (url, page) => {
  expect(pageOf(url)).toEqual(page);
});
