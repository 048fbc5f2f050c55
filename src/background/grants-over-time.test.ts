import { beforeEach, describe, expect, test } from 'vitest';
import { createUser } from '../../test/support/fake-user.ts';
import { FakeWorld, settled } from '../../test/support/fake-world.ts';
import { caveatsOf } from '../permissions/caveats.ts';
import type { Duration } from '../protocol/grant.ts';
import { callOneShot, type OneShotRequest } from '../protocol/message.ts';
import { reportGrantsExpired } from '../protocol/report/report-grants-expired.ts';
import { uiGrantRevoke } from '../protocol/ui/ui-grant-revoke.ts';
import { uiGrantUpdate } from '../protocol/ui/ui-grant-update.ts';
import { uiState } from '../protocol/ui/ui-state.ts';

const SITE = 'https://site.example';
const OTHER = 'https://other.example';
const ECHO = { models: ['packaged:echo'] };
const TINY = { models: ['packaged:tiny'] };
const DAY_MS = 86_400_000;
const TOKEN = expect.stringMatching(/^[0-9a-f]{32}$/);

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});
const { allow } = createUser(() => world);

describe('lasting', () => {
  async function granted(duration: Duration) {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    await allow(duration);
    return page;
  }

  /** The host says that a grant of its session ran out. */
  async function expiryHeard() {
    const [token = ''] = world.host.sessions.keys();
    const answer = async (request: OneShotRequest) => world.background.answer(request, { kind: 'host' });
    await callOneShot(answer, reportGrantsExpired, { token });
  }

  test('once is for the document and ends with it', async () => {
    const page = await granted({ kind: 'once' });
    expect(await world.open(SITE).ask('permissions.query', {})).toEqual({ grants: [] });
    page.leave();
    await settled();
    expect(world.host.ended).toMatchObject([{ code: 'session-ended' }]);
    expect((await world.ui(uiState, {})).sites).toEqual([]);
  });

  test('once also ends when the document leaves while the background is stopped', async () => {
    const page = await granted({ kind: 'once' });
    page.sever();
    page.leave();
    world.restart();
    await settled();
    expect(world.host.ended).toMatchObject([{ code: 'session-ended' }]);
    expect((await world.ui(uiState, {})).sites).toEqual([]);
  });

  test('timed ends by the clock, also while a session is open', async () => {
    const page = await granted({ kind: 'timed', ms: 60_000 });
    await world.advance(59_999);
    expect(await page.ask('permissions.query', {})).toMatchObject({ grants: [{ lasts: 'persistent' }] });
    await world.advance(1);
    page.events.length = 0;
    await expiryHeard();
    expect(world.host.ended).toMatchObject([{ code: 'permission-expired' }]);
    expect(page.events).toEqual(['permissions-changed']);
    expect(await page.ask('session.open', ECHO, false)).toBe('permission-expired');
  });

  test('timed ends with the same reason after a stop of the background, and the page hears by message', async () => {
    const page = await granted({ kind: 'timed', ms: 3_600_000 });
    world.restart();
    await world.advance(3_600_000);
    page.events.length = 0;
    await expiryHeard();
    expect(world.host.ended).toMatchObject([{ code: 'permission-expired' }]);
    expect(page.events).toEqual(['permissions-changed']);
  });

  test('a clock that is turned back ends what it measures, until the user decides anew', async () => {
    const page = await granted({ kind: 'timed', ms: 3_600_000 });
    world.now -= 86_400_000;
    expect(await page.ask('permissions.query', {})).toEqual({ grants: [] });
    page.call('session.open', ECHO);
    await settled();
    await allow({ kind: 'timed', ms: 3_600_000 });
    expect(await page.ask('permissions.query', {})).toMatchObject({ grants: [{}] });
    await world.advance(3_600_000);
    expect(await page.ask('permissions.query', {})).toEqual({ grants: [] });
  });

  test('always stays when the browser ends, the session kind does not', async () => {
    await granted({ kind: 'always' });
    const other = world.open(OTHER);
    other.call('session.open', ECHO);
    await settled();
    await allow({ kind: 'session' });
    world.session.clear();
    world.host.vanish();
    world.restart();
    await settled();
    expect(await world.open(SITE).ask('permissions.query', {})).toMatchObject({ grants: [{ lasts: 'persistent' }] });
    expect(await world.open(OTHER).ask('permissions.query', {})).toEqual({ grants: [] });
  });
});

describe('withdrawing', () => {
  async function granted() {
    const page = world.open(SITE);
    page.call('session.open', { models: ['packaged:echo', 'packaged:tiny'] });
    await settled();
    await allow();
    const [grant] = (await world.ui(uiState, {})).sites[0]?.grants ?? [];
    if (!grant) throw new Error('no grant');
    const caveats = caveatsOf(grant);
    if (!caveats) throw new Error('a grant without caveats');
    return { page, grant, caveats };
  }

  test('by the user: the session ends with the reason and the page is told', async () => {
    const { page, grant } = await granted();
    page.events.length = 0;
    expect(await world.ui(uiGrantRevoke, { all: false, ids: [grant.id] })).toEqual({ revoked: 1 });
    expect(world.host.ended).toMatchObject([{ code: 'permission-revoked' }]);
    expect(page.events).toEqual(['permissions-changed']);
    expect(await page.ask('session.open', ECHO, false)).toBe('activation-required');
    expect(world.badges.get(page.sender.tabId)).toBe(0);
  });

  test('after a stop of the background the reason is the same, and the page hears by message', async () => {
    const { page, grant } = await granted();
    page.events.length = 0;
    world.restart();
    await world.ui(uiGrantRevoke, { all: false, ids: [grant.id] });
    expect(world.host.ended).toMatchObject([{ code: 'permission-revoked' }]);
    expect(page.events).toEqual(['permissions-changed']);
  });

  test('by the page, for all documents of the site and no other', async () => {
    const { page } = await granted();
    const second = world.open(SITE);
    await second.ask('session.open', ECHO);
    const other = world.open(OTHER);
    other.call('session.open', ECHO);
    await settled();
    await allow();
    expect(await second.ask('permissions.revoke', {})).toEqual({ revoked: 1 });
    expect(world.host.ended.map(({ code }) => code)).toEqual(['permission-revoked', 'permission-revoked']);
    expect(page.events).toContain('permissions-changed');
    expect(await other.ask('permissions.query', {})).toMatchObject({ grants: [{}] });
    expect(world.host.sessions.size).toBe(1);
  });

  test('a narrowed grant becomes the terms of the running session', async () => {
    const { page, grant, caveats } = await granted();
    await world.ui(uiGrantUpdate, { id: grant.id, caveats: { ...caveats, models: ['packaged:tiny'], maxTokens: 5 } });
    const [terms] = world.host.sessions.values();
    expect(terms?.grants).toMatchObject([{ models: ['packaged:tiny'], maxTokens: 5 }]);
    expect(await page.ask('session.open', ECHO, false)).toBe('activation-required');
    expect(await page.ask('session.open', TINY, false)).toEqual({ token: TOKEN });
  });

  test('a frame that the user shuts out loses its session to a withdrawal, not to the clock', async () => {
    const { grant, caveats } = await granted();
    await world.open(SITE, { top: SITE }).ask('session.open', ECHO);
    await world.ui(uiGrantUpdate, { id: grant.id, caveats: { ...caveats, topLevelOnly: true } });
    expect(world.host.ended).toMatchObject([{ code: 'permission-revoked' }]);
  });

  test('frames shut out by the user are refused without a prompt, and a new grant keeps them out', async () => {
    const { page, grant, caveats } = await granted();
    await world.ui(uiGrantUpdate, { id: grant.id, caveats: { ...caveats, topLevelOnly: true } });
    expect(world.host.ended).toEqual([]);
    const frame = world.open(SITE, { top: SITE });
    expect(await frame.ask('session.open', ECHO)).toBe('permission-denied');
    page.call('session.open', { ...ECHO, tasks: ['tensors'] });
    await settled();
    await allow();
    expect(await frame.ask('session.open', { ...ECHO, tasks: ['tensors'] })).toBe('permission-denied');
    expect(await page.ask('session.open', { ...ECHO, tasks: ['tensors'] })).toEqual({ token: TOKEN });
  });
});

describe('damage', () => {
  test('unreadable permissions deny everything, are kept aside, and are told', async () => {
    const damaged = { version: 1, data: { grants: [{ id: 'x' }], denials: [], seen: 0 } };
    world.local.set('permissions', damaged);
    world.restart();
    const page = world.open(SITE);
    expect(await page.ask('permissions.query', {})).toEqual({ grants: [] });
    expect((await world.ui(uiState, {})).storeError).toBe(true);
    expect(world.local.get('permissions.damaged')).toEqual(damaged);
    page.call('session.open', ECHO);
    await settled();
    await allow();
    world.restart();
    expect(await page.ask('permissions.query', {})).toMatchObject({ grants: [{}] });
    expect((await world.ui(uiState, {})).storeError).toBe(true);
    await world.ui(uiGrantRevoke, { all: true });
    expect((await world.ui(uiState, {})).storeError).toBe(false);
  });

  test('unreadable counters leave no device time for the rest of the day, also after a restart', async () => {
    world.local.set('usage', { version: 1, data: { sites: 'gone' } });
    world.restart();
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    await allow();
    const used = () => [...world.host.sessions.values()].at(-1)?.usedComputeMs;
    expect(used()).toBe(DAY_MS);
    world.restart();
    await page.ask('session.open', ECHO);
    expect(used()).toBe(DAY_MS);
    await world.advance(DAY_MS);
    world.restart();
    await page.ask('session.open', ECHO);
    expect(used()).toBe(0);
  });
});
