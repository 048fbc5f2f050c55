import { describe, expect, test } from 'vitest';
import { makeCaveats, makeGrant, NOON, randomAsk, randomCaveats, SUBJECT } from '../../test/support/make-grants.ts';
import { createRandom } from '../../test/support/random.ts';
import type { CaveatValues, Grant } from '../protocol/grant.ts';
import { caveatsOf, isWithin, toCaveats } from './caveats.ts';
import { covers, usableGrants } from './decide.ts';
import { addGrant, mergeCaveats } from './merge.ts';
import type { Ask } from './types.ts';

const ROUNDS = 1600;

function allows(grants: readonly Grant[], ask: Ask, now: number, isFrame: boolean): boolean {
  const asker = { subject: SUBJECT, documentId: 'd', isFrame };
  return covers(usableGrants(asker, grants, { now, seen: 0 }), ask);
}

const holding = (...sets: readonly CaveatValues[]) => sets.map((values) => makeGrant(values));

describe('merged caveats', () => {
  test('allow exactly what either set allows', () => {
    const random = createRandom(1);
    let merges = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const [a, b] = [randomCaveats(random), randomCaveats(random)];
      // Near relatives, so that merging is possible often enough to be put to the test.
      const relative = { ...a, ...(random.next() < 0.5 ? { models: b.models } : { expiry: b.expiry }) };
      const merged = mergeCaveats(a, relative);
      if (!merged) continue;
      merges += 1;
      for (let trial = 0; trial < 10; trial += 1) {
        const [ask, now, isFrame] = [randomAsk(random), NOON + random.below(3), random.next() < 0.5];
        expect(allows(holding(merged), ask, now, isFrame)).toBe(allows(holding(a, relative), ask, now, isFrame));
      }
    }
    expect(merges).toBeGreaterThan(ROUNDS / 2);
  });

  test('do not exist where a joint set would allow a combination that nobody agreed to', () => {
    const text = makeCaveats({ models: ['packaged:a'], tasks: ['text-generation'] });
    const raw = makeCaveats({ models: ['packaged:b'], tasks: ['tensors'] });
    expect(mergeCaveats(text, raw)).toBeUndefined();
    const short = makeCaveats({ maxTokens: 10 });
    const long = makeCaveats({ models: ['packaged:b'], maxTokens: 1000 });
    expect(mergeCaveats(short, long)).toBeUndefined();
  });

  test('are the wider set when one contains the other', () => {
    const narrow = makeCaveats({ maxTokens: 1, topLevelOnly: true });
    const wide = makeCaveats({ models: '*' });
    expect(mergeCaveats(narrow, wide)).toEqual(wide);
    expect(mergeCaveats(wide, narrow)).toEqual(wide);
  });
});

describe('adding grants', () => {
  test('changes what is allowed by no more and no less than the grant, in any order', () => {
    const random = createRandom(2);
    for (let round = 0; round < ROUNDS / 8; round += 1) {
      const sets = Array.from({ length: 4 }, () => randomCaveats(random));
      const inOrder = holding(...sets).reduce<Grant[]>(addGrant, []);
      const reversed = holding(...sets)
        .reverse()
        .reduce<Grant[]>(addGrant, []);
      for (let trial = 0; trial < 10; trial += 1) {
        const [ask, now, isFrame] = [randomAsk(random), NOON + random.below(3), random.next() < 0.5];
        const expected = allows(holding(...sets), ask, now, isFrame);
        expect(allows(inOrder, ask, now, isFrame)).toBe(expected);
        expect(allows(reversed, ask, now, isFrame)).toBe(expected);
      }
    }
  });

  test('keeps the identity of the older grant and the date of the newer', () => {
    const [older, newer] = [makeGrant(), makeGrant({ models: ['packaged:b'] }, { date: NOON + 5 })];
    const [merged, ...others] = addGrant([older], newer);
    expect(others).toEqual([]);
    expect(merged).toMatchObject({ id: older.id, date: NOON + 5 });
    expect(merged && caveatsOf(merged)?.models).toEqual(['packaged:a', 'packaged:b']);
  });

  test.each([
    ['subjects', { topOrigin: 'https://top.example' }],
    ['lifetimes', { lifetime: { kind: 'browser-session' } as const }],
    ['documents', { lifetime: { kind: 'document', documentId: 'other' } as const }],
  ])('of different %s never merges', (_, parts) => {
    const base = makeGrant({}, 'lifetime' in parts ? { lifetime: { kind: 'document', documentId: 'one' } } : {});
    expect(addGrant([base], makeGrant({}, parts))).toHaveLength(2);
  });
});

describe('caveats are presence', () => {
  const ask: Ask = { models: ['packaged:a'], tasks: ['text-generation'], limits: {} };

  test('a grant that lacks one, has one twice or has a bad one allows nothing', () => {
    const whole = makeGrant();
    expect(allows([whole], ask, NOON, false)).toBe(true);
    for (const [index, caveat] of whole.caveats.entries()) {
      const others = whole.caveats.filter((_, at) => at !== index);
      for (const caveats of [others, [...whole.caveats, caveat], [...others, others[0]]]) {
        expect(allows([{ ...whole, caveats: caveats as Grant['caveats'] }], ask, NOON, false)).toBe(false);
      }
      for (const value of [undefined, null, Number.NaN, -1, 'all', {}]) {
        const spoilt = whole.caveats.map((each, at) => (at === index ? { ...each, value } : each));
        expect(allows([{ ...whole, caveats: spoilt as Grant['caveats'] }], ask, NOON, false)).toBe(false);
      }
    }
  });

  test('an empty list allows nothing, and nothing is asked for by an empty request', () => {
    expect(allows([makeGrant({ models: [] })], ask, NOON, false)).toBe(false);
    expect(allows([makeGrant({ tasks: [] })], ask, NOON, false)).toBe(false);
    expect(allows([makeGrant({ models: '*', tasks: '*' })], { ...ask, models: [] }, NOON, false)).toBe(false);
  });

  test('their order in a grant does not matter', () => {
    const whole = makeGrant();
    expect(caveatsOf({ caveats: [...whole.caveats].reverse() })).toEqual(caveatsOf(whole));
    expect(toCaveats(makeCaveats())).toEqual(whole.caveats);
  });
});

test('being within is an order: reflexive, transitive, and respected by what is allowed', () => {
  const random = createRandom(3);
  for (let round = 0; round < ROUNDS; round += 1) {
    const [a, b, c] = [randomCaveats(random), randomCaveats(random), randomCaveats(random)];
    expect(isWithin(a, a)).toBe(true);
    if (isWithin(a, b) && isWithin(b, c)) expect(isWithin(a, c)).toBe(true);
    if (!isWithin(a, b)) continue;
    const [ask, now, isFrame] = [randomAsk(random), NOON + random.below(3), random.next() < 0.5];
    if (allows(holding(a), ask, now, isFrame)) expect(allows(holding(b), ask, now, isFrame)).toBe(true);
  }
});
