import { beforeEach, describe, expect, test } from 'vitest';
import { createUser } from '../../test/support/fake-user.ts';
import { FakeWorld, settled } from '../../test/support/fake-world.ts';
import { callOneShot, type OneShotRequest } from '../protocol/message.ts';
import { reportSessionClosed } from '../protocol/report/report-session-closed.ts';
import { reportUsage } from '../protocol/report/report-usage.ts';
import { DEFAULT_SETTINGS } from '../protocol/settings.ts';
import { uiGrantRevoke } from '../protocol/ui/ui-grant-revoke.ts';
import { uiSettingsSet } from '../protocol/ui/ui-settings-set.ts';
import { uiState } from '../protocol/ui/ui-state.ts';
import { uiStop } from '../protocol/ui/ui-stop.ts';
import { uiTab } from '../protocol/ui/ui-tab.ts';

const SITE = 'https://site.example';
const OTHER = 'https://other.example';
const ECHO = { models: ['packaged:echo'] };
const TOKEN = expect.stringMatching(/^[0-9a-f]{32}$/);

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});
const { allow } = createUser(() => world);

describe('the host', () => {
  async function opened() {
    const page = world.open(SITE);
    const id = page.call('session.open', ECHO);
    await settled();
    await allow();
    return { page, token: (page.outcome(id) as { token: string }).token };
  }

  test('is not started for the manager, nor by settings', async () => {
    expect(await world.ui(uiState, {})).toEqual({
      sites: [],
      models: [],
      settings: DEFAULT_SETTINGS,
      pinned: [],
      storeError: false,
    });
    await world.ui(uiSettingsSet, { ...DEFAULT_SETTINGS, idleUnloadMs: 1_000 });
    await world.ui(uiStop, {});
    expect(world.host.exists).toBe(false);
    await opened();
    expect(world.host.settings?.idleUnloadMs).toBe(1_000);
  });

  test('one that vanished is replaced, and the document gets a new session', async () => {
    const { page, token } = await opened();
    world.host.vanish();
    const again = (await page.ask('session.open', ECHO, false)) as { token: string };
    expect(again.token).toEqual(TOKEN);
    expect(again.token).not.toBe(token);
    expect(world.host.sessions.has(again.token)).toBe(true);
    expect(world.host.instances).toBe(2);
  });

  test('one that outlived the background is adopted: unknown sessions end, known ones go on', async () => {
    const { page, token } = await opened();
    const terms = world.host.sessions.get(token);
    if (terms) world.host.sessions.set('e'.repeat(32), { ...terms, token: 'e'.repeat(32) });
    world.restart();
    expect(await page.ask('session.open', ECHO, false)).toEqual({ token });
    expect([...world.host.sessions.keys()]).toEqual([token]);
    expect(world.host.ended).toMatchObject([{ token: 'e'.repeat(32), code: 'session-ended' }]);
  });

  test('overlapping calls start one host and open one session', async () => {
    const { page } = await opened();
    world.host.vanish();
    world.restart();
    const ids = Array.from({ length: 20 }, () => page.call('session.open', ECHO, false));
    await settled();
    expect(new Set(ids.map((id) => JSON.stringify(page.outcome(id)))).size).toBe(1);
    expect(world.host.instances).toBe(2);
    expect(world.host.asked.filter((method) => method === 'host.hello')).toHaveLength(2);
    expect(world.host.sessions.size).toBe(1);
  });

  test('a session that was asked for again while its end was on the way is within reach of a withdrawal', async () => {
    const { page, token } = await opened();
    world.host.sessions.delete(token);
    const again = page.call('session.open', ECHO, false);
    await settled();
    expect(page.outcome(again)).toEqual({ token });
    expect([...world.host.sessions.keys()]).toEqual([token]);
    const answer = async (request: OneShotRequest) => world.background.answer(request, { kind: 'host' });
    await callOneShot(answer, reportSessionClosed, { token });
    await world.ui(uiGrantRevoke, { all: true });
    expect([...world.host.sessions.keys()]).toEqual([]);
  });

  test('its usage reports count once, by site and day, also after the session ended', async () => {
    const { page, token } = await opened();
    const send = (seq: number, computeMs: number) =>
      callOneShot(async (request) => world.background.answer(request, { kind: 'host' }), reportUsage, {
        instance: 'a'.repeat(32),
        seq,
        entries: [
          { token, calls: 1, tokens: 10, computeMs, residentBytes: 0 },
          { token: 'b'.repeat(32), calls: 99, tokens: 99, computeMs: 99, residentBytes: 0 },
        ],
      });
    await send(1, 100);
    await send(1, 100);
    world.restart();
    await send(1, 100);
    await page.ask('permissions.revoke', {});
    await send(2, 50);
    const [site] = (await world.ui(uiState, {})).sites;
    expect(site).toMatchObject({ calls: 2, tokens: 20, computeMs: 150, computeMsToday: 150, lastUsedAt: world.now });
    await world.advance(86_400_000);
    expect((await world.ui(uiState, {})).sites[0]).toMatchObject({ computeMs: 150, computeMsToday: 0 });
  });

  test("what the site used today is in the session's terms", async () => {
    const { page, token } = await opened();
    await callOneShot(async (request) => world.background.answer(request, { kind: 'host' }), reportUsage, {
      instance: 'a'.repeat(32),
      seq: 1,
      entries: [{ token, calls: 1, tokens: 1, computeMs: 1234, residentBytes: 0 }],
    });
    await page.ask('session.open', ECHO, false);
    expect(world.host.sessions.get(token)).toMatchObject({
      usedComputeMs: 1234,
      dayEndsAt: Date.UTC(2026, 10, 24),
    });
  });

  test('the popup sees the sites of its tab', async () => {
    const { page } = await opened();
    const { tabId } = page.sender;
    expect((await world.ui(uiTab, { tabId, origin: SITE })).sites).toMatchObject([
      { subject: { invoker: SITE }, sessions: 1, active: 1, residentBytes: 7 },
    ]);
    expect((await world.ui(uiTab, { tabId: 99, origin: OTHER })).sites).toEqual([]);
    expect((await world.ui(uiTab, { tabId: 99, origin: SITE })).sites).toHaveLength(1);
    expect(world.badges.get(tabId)).toBe(1);
  });

  test('a bridge is served with the token and the origin of one session only', async () => {
    const { token } = await opened();
    const attach = async (params: unknown) => {
      let closed = false;
      const port = {
        close: () => {
          closed = true;
        },
      } as MessagePort;
      await world.background.attachBridge('bridge', { method: 'bridge.attach', params }, port);
      return !closed;
    };
    expect(await attach({ token, origin: SITE })).toBe(true);
    expect(await attach({ token, origin: OTHER })).toBe(false);
    expect(await attach({ token: 'f'.repeat(32), origin: SITE })).toBe(false);
    expect(await attach({ token, origin: SITE, extra: 1 })).toBe(false);
    await world.ui(uiGrantRevoke, { all: true });
    expect(await attach({ token, origin: SITE })).toBe(false);
  });

  test('the manager gets a port to the host by one word alone, which starts the host', async () => {
    const ask = async (from: 'ui' | 'bridge', message: unknown) => {
      const told: unknown[] = [];
      let closed = false;
      const port = {
        postMessage: (word: unknown) => told.push(word),
        close: () => {
          closed = true;
        },
      } as unknown as MessagePort;
      await world.background.attachBridge(from, message, port);
      return { closed, told };
    };
    const word = { method: 'bridge.files', params: {} };
    expect(await ask('ui', word)).toEqual({ closed: false, told: [] });
    expect(world.host.exists).toBe(true);
    expect(await ask('bridge', word), 'a frame learns nothing').toEqual({ closed: true, told: [] });
    for (const other of [null, { ...word, params: { x: 1 } }, { method: 'bridge.attach', params: {} }]) {
      expect(await ask('ui', other)).toMatchObject({
        closed: true,
        told: [{ ok: false, error: { code: 'disconnected' } }],
      });
    }
  });
});
