import { describe, expect, test } from 'vitest';
import { makeGrant, NOON, randomAsk, randomCaveats, SUBJECT } from '../../test/support/make-grants.ts';
import { createRandom } from '../../test/support/random.ts';
import type { Grant } from '../protocol/grant.ts';
import { grantFrom } from './answer.ts';
import { askOf, joinAsks, offerOf } from './ask.ts';
import { decide } from './decide.ts';
import { DEFAULT_LIMITS, MAX_DISMISSALS } from './defaults.ts';
import { activeDenial, addDenial, clearDenials } from './denials.ts';
import { addGrant } from './merge.ts';
import type { Ask, Asker, Denial, Offer } from './types.ts';

const asker: Asker = { subject: SUBJECT, documentId: 'here', isFrame: false };
const ask = askOf({ models: ['packaged:a'] });

function decideOn(
  parts: { asker?: Partial<Asker>; ask?: Ask; dismissals?: number },
  grants: readonly Grant[] = [],
  denials: readonly Denial[] = [],
  time = { now: NOON, seen: NOON },
) {
  const request = { asker: { ...asker, ...parts.asker }, ask: parts.ask ?? ask, dismissals: parts.dismissals ?? 0 };
  return decide(request, grants, denials, time);
}

describe('a decision', () => {
  test('is yes where a grant covers all that is asked for', () => {
    expect(decideOn({}, [makeGrant()])).toMatchObject({ kind: 'allow' });
    const both = askOf({ models: ['packaged:a', 'packaged:b'] });
    expect(decideOn({ ask: both }, [makeGrant()])).toMatchObject({ kind: 'prompt' });
    expect(decideOn({ ask: both }, [makeGrant(), makeGrant({ models: ['packaged:b'] })])).toMatchObject({
      kind: 'allow',
    });
  });

  test.each([
    ['another site', { invoker: 'https://other.example' }],
    ['other surroundings', { topOrigin: 'https://other.example' }],
    ['another document', { lifetime: { kind: 'document', documentId: 'there' } as const }],
  ])('is not yes by a grant of %s', (_, parts) => {
    expect(decideOn({}, [makeGrant({}, parts)])).toMatchObject({ kind: 'prompt' });
  });

  test('demands only the limits that were named', () => {
    const small = [makeGrant({ maxTokens: 5 })];
    expect(decideOn({}, small)).toMatchObject({ kind: 'allow' });
    expect(decideOn({ ask: { ...ask, limits: { maxTokens: 5 } } }, small)).toMatchObject({ kind: 'allow' });
    expect(decideOn({ ask: { ...ask, limits: { maxTokens: 6 } } }, small)).toMatchObject({
      kind: 'prompt',
      difference: { models: [], tasks: [], limits: [{ key: 'maxTokens', held: 5, asked: 6 }] },
    });
  });

  test('shows what is new against one real grant, never against a mixture', () => {
    const grants = [
      makeGrant({ models: ['packaged:a'], tasks: ['text-generation'] }),
      makeGrant({ models: ['packaged:b'], tasks: ['tensors'] }),
    ];
    const decision = decideOn({ ask: { ...ask, tasks: ['tensors'] } }, grants);
    expect(decision).toMatchObject({ kind: 'prompt', difference: { tasks: ['tensors'] } });
  });

  test('says that a grant ran out', () => {
    const grants = [makeGrant({ expiry: NOON })];
    expect(decideOn({}, grants, [], { now: NOON - 1, seen: NOON - 1 })).toMatchObject({ kind: 'allow' });
    expect(decideOn({}, grants)).toMatchObject({ kind: 'prompt', expired: true, holds: undefined });
    expect(decideOn({})).toMatchObject({ kind: 'prompt', expired: false });
  });

  test('trusts no grant by the clock when the clock went back', () => {
    const timed = [makeGrant({ expiry: NOON + 3_600_000 })];
    const minute = 60_000;
    expect(decideOn({}, timed, [], { now: NOON - minute, seen: NOON })).toMatchObject({ kind: 'allow' });
    expect(decideOn({}, timed, [], { now: NOON - 10 * minute, seen: 0 })).toMatchObject({ kind: 'prompt' });
    const later = { now: NOON + minute, seen: NOON + 30 * minute };
    expect(decideOn({}, timed, [], later)).toMatchObject({ kind: 'prompt' });
    expect(decideOn({}, [makeGrant()], [], later)).toMatchObject({ kind: 'allow' });
  });

  test('keeps frames out where the user said so, without asking again', () => {
    const grants = [makeGrant({ topLevelOnly: true })];
    expect(decideOn({}, grants)).toMatchObject({ kind: 'allow' });
    expect(decideOn({ asker: { isFrame: true } }, grants)).toEqual({ kind: 'deny', reason: 'top-level-only' });
  });

  test('is no while a denial cools down, unless a grant covers the request', () => {
    const denials = addDenial([], SUBJECT, NOON, 1000);
    expect(decideOn({}, [], denials)).toEqual({ kind: 'deny', reason: 'denied', until: NOON + 1000 });
    expect(decideOn({}, [makeGrant()], denials)).toMatchObject({ kind: 'allow' });
    expect(decideOn({}, [], denials, { now: NOON + 1000, seen: 0 })).toMatchObject({ kind: 'prompt' });
    const other = { invoker: 'https://other.example', topOrigin: 'https://other.example' };
    expect(decideOn({ asker: { subject: other } }, [], denials)).toMatchObject({ kind: 'prompt' });
  });

  test('is no for a document whose prompts were closed too often', () => {
    expect(decideOn({ dismissals: MAX_DISMISSALS - 1 })).toMatchObject({ kind: 'prompt' });
    expect(decideOn({ dismissals: MAX_DISMISSALS })).toEqual({ kind: 'deny', reason: 'dismissed-often' });
  });

  test('does not depend on the order of grants', () => {
    const random = createRandom(4);
    for (let round = 0; round < 1000; round += 1) {
      const grants = Array.from({ length: 4 }, () => makeGrant(randomCaveats(random)));
      const request = { ask: randomAsk(random), asker: { isFrame: random.next() < 0.5 } };
      expect(decideOn(request, [...grants].reverse()).kind).toBe(decideOn(request, grants).kind);
    }
  });
});

describe('denials', () => {
  test('one per subject; a clock that goes back does not shorten one, nor keeps it for ever', () => {
    const first = addDenial([], SUBJECT, NOON, 1000);
    const again = addDenial(first, SUBJECT, NOON + 10, 1000);
    expect(again).toEqual([{ subject: SUBJECT, at: NOON + 10, until: NOON + 1010 }]);
    expect(activeDenial(again, SUBJECT, NOON - 500)).toBeDefined();
    expect(activeDenial(again, SUBJECT, NOON - 1000)).toBeUndefined();
    expect(clearDenials(again, SUBJECT)).toEqual([]);
  });
});

describe('an answer', () => {
  const offer: Offer = offerOf(askOf({ models: ['packaged:a', 'packaged:b'], limits: { maxTokens: 100 } }));
  const frame = { id: 'f'.repeat(32), asker, topLevelOnly: false, now: NOON };
  const full = {
    decision: 'allow' as const,
    duration: { kind: 'always' as const },
    models: [...offer.models],
    tasks: [...offer.tasks],
    limits: offer.limits,
  };

  test('may narrow', () => {
    const grant = grantFrom(
      { ...full, models: ['packaged:b'], limits: { ...full.limits, maxTokens: 1 } },
      offer,
      frame,
    );
    const values = Object.fromEntries(grant.caveats.map(({ type, value }) => [type, value]));
    expect(values).toEqual({
      models: ['packaged:b'],
      tasks: ['text-generation'],
      ...DEFAULT_LIMITS,
      maxTokens: 1,
      expiry: 'never',
      topLevelOnly: false,
    });
  });

  test.each([
    ['another model', { models: ['packaged:c'] }],
    ['all models', { models: '*' as const }],
    ['another task', { tasks: ['tensors' as const] }],
    ['all tasks', { tasks: '*' as const }],
    ['more tokens', { limits: { ...full.limits, maxTokens: 101 } }],
    ['no model', { models: [] }],
    ['no task', { tasks: [] }],
  ])('may not name %s', (_, change) => {
    expect(() => grantFrom({ ...full, ...change }, offer, frame)).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });

  test.each([
    [{ kind: 'once' }, { kind: 'document', documentId: 'here' }, 'never'],
    [{ kind: 'session' }, { kind: 'browser-session' }, 'never'],
    [{ kind: 'timed', ms: 60_000 }, { kind: 'persistent' }, NOON + 60_000],
    [{ kind: 'always' }, { kind: 'persistent' }, 'never'],
  ] as const)('for %o lasts as %o', (duration, lifetime, expiry) => {
    const grant = grantFrom({ ...full, duration }, offer, frame);
    expect(grant.lifetime).toEqual(lifetime);
    expect(grant.caveats).toContainEqual({ type: 'expiry', value: expiry });
  });

  test('never allows what was not offered, whatever is held', () => {
    const random = createRandom(5);
    for (let round = 0; round < 500; round += 1) {
      const held = [makeGrant(randomCaveats(random))];
      const asked = randomAsk(random);
      const agreed = offerOf(asked);
      const answer = { ...full, models: [...agreed.models], tasks: [...agreed.tasks], limits: agreed.limits };
      const after = addGrant(held, grantFrom(answer, agreed, frame));
      const probe = randomAsk(random);
      if (decideOn({ ask: probe }, after).kind !== 'allow') continue;
      const apart = [...held, grantFrom(answer, agreed, frame)];
      expect(decideOn({ ask: probe }, apart).kind).toBe('allow');
    }
  });
});

describe('a request', () => {
  test('means text where it names no task, and nothing twice', () => {
    expect(askOf({ models: ['packaged:a', 'packaged:a'], reason: 'r' })).toEqual({
      models: ['packaged:a'],
      tasks: ['text-generation'],
      limits: {},
      reason: 'r',
    });
  });

  test('joined with another covers both', () => {
    const joined = joinAsks(
      askOf({ models: ['packaged:a'], limits: { maxTokens: 1, maxConcurrent: 9 }, reason: 'first' }),
      askOf({ models: ['packaged:b'], tasks: ['tensors'], reason: 'second' }),
    );
    expect(joined).toEqual({
      models: ['packaged:a', 'packaged:b'],
      tasks: ['text-generation', 'tensors'],
      limits: { maxTokens: DEFAULT_LIMITS.maxTokens, maxConcurrent: 9 },
      reason: 'second',
    });
  });
});
