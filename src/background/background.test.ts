import { beforeEach, describe, expect, test } from 'vitest';
import { FakeWorld, settled } from '../../test/support/fake-world.ts';
import { callOneShot } from '../protocol/message.ts';
import { reportUsage } from '../protocol/report/report-usage.ts';
import { DEFAULT_SETTINGS } from '../protocol/settings.ts';
import { uiDenialClear } from '../protocol/ui/ui-denial-clear.ts';
import { uiGrantRevoke } from '../protocol/ui/ui-grant-revoke.ts';
import { uiGrantUpdate } from '../protocol/ui/ui-grant-update.ts';
import { uiPromptAnswer } from '../protocol/ui/ui-prompt-answer.ts';
import { uiPromptGet } from '../protocol/ui/ui-prompt-get.ts';
import { uiSettingsSet } from '../protocol/ui/ui-settings-set.ts';
import { uiState } from '../protocol/ui/ui-state.ts';
import { uiStop } from '../protocol/ui/ui-stop.ts';
import { uiTab } from '../protocol/ui/ui-tab.ts';
import type { PromptAnswer, PromptView } from '../protocol/ui/views.ts';

const SITE = 'https://site.example';
const OTHER = 'https://other.example';
const ECHO = { models: ['packaged:echo'] };
const TINY = { models: ['packaged:tiny'] };
const TOKEN = expect.stringMatching(/^[0-9a-f]{32}$/);

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

async function shown(index = 0): Promise<PromptView> {
  const { prompt } = await world.ui(uiPromptGet, { id: world.promptIds[index] ?? '0'.repeat(32) });
  if (!prompt) throw new Error('no prompt is shown');
  return prompt;
}

type Duration = Extract<PromptAnswer, { decision: 'allow' }>['duration'];

function yesTo({ models, tasks, limits }: PromptView, duration: Duration = { kind: 'always' }): PromptAnswer {
  return { decision: 'allow', duration, models: models.map(({ name }) => name), tasks, limits };
}

async function allow(duration?: Duration): Promise<void> {
  const view = await shown();
  await world.ui(uiPromptAnswer, { id: view.id, answer: yesTo(view, duration) });
  await settled();
}

async function answer(decision: 'deny' | 'dismiss'): Promise<void> {
  await world.ui(uiPromptAnswer, { id: (await shown()).id, answer: { decision } });
  await settled();
}

describe('asking', () => {
  test('opens one window, grants what was answered, opens a session on it', async () => {
    const page = world.open(SITE);
    const id = page.call('session.open', { ...ECHO, reason: 'because' });
    await settled();
    expect(page.outcome(id)).toBeUndefined();
    expect(await shown()).toMatchObject({
      subject: { invoker: SITE, topOrigin: SITE },
      tasks: ['text-generation'],
      reason: 'because',
    });
    await allow();
    expect(page.outcome(id)).toEqual({ token: TOKEN });
    expect(world.windows.size).toBe(0);
    const [terms] = world.host.sessions.values();
    expect(terms).toMatchObject({ subject: { invoker: SITE }, grants: [{ models: ['packaged:echo'] }] });
    expect(await page.ask('session.open', ECHO, false)).toEqual(page.outcome(id));
    expect(world.windowsOpened).toBe(1);
    expect(world.errors).toEqual([]);
  });

  test('needs user activation, and says nothing about models before it', async () => {
    const page = world.open(SITE);
    expect(await page.ask('permissions.request', ECHO, false)).toBe('activation-required');
    expect(await page.ask('permissions.request', { models: ['packaged:nothing'] }, false)).toBe('activation-required');
    expect(await page.ask('permissions.request', { models: ['packaged:nothing'] })).toBe('unknown-model');
    expect(world.windowsOpened).toBe(0);
    for (const model of ['packaged:echo', 'packaged:nothing']) {
      expect(await page.ask('models.availability', { model })).toEqual({ availability: 'needs-permission' });
    }
    expect(await page.ask('models.list', {})).toEqual({ models: [] });
    expect(await page.ask('capabilities', {})).toMatchObject({ granted: false, tiers: [] });
  });

  test('later requests of the site join the open prompt, and each gets its answer', async () => {
    const [one, two] = [world.open(SITE), world.open(SITE)];
    const first = one.call('session.open', ECHO);
    await settled();
    const second = two.call('session.open', TINY);
    await settled();
    expect(world.windowsOpened).toBe(1);
    expect((await shown()).models.map(({ name }) => name)).toEqual(['packaged:echo', 'packaged:tiny']);
    await allow({ kind: 'once' });
    expect(one.outcome(first)).toEqual({ token: TOKEN });
    expect(two.outcome(second)).toEqual({ token: TOKEN });
    expect(world.host.sessions.size).toBe(2);
  });

  test('what joined after the window was read is not granted by the older answer', async () => {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    const view = await shown();
    const late = page.call('session.open', TINY);
    await settled();
    await world.ui(uiPromptAnswer, { id: view.id, answer: yesTo(view) });
    await settled();
    expect(page.outcome(late)).toBe('permission-denied');
    expect(await page.ask('models.list', {})).toMatchObject({ models: [{ name: 'packaged:echo' }] });
  });

  test('an answer that is wider than the offer is refused and the prompt stays', async () => {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    const view = await shown();
    const wide = yesTo(view) as Extract<PromptAnswer, { decision: 'allow' }>;
    const limits = { ...view.limits, maxTokens: view.limits.maxTokens + 1 };
    for (const answer of [
      { ...wide, models: ['packaged:echo', 'packaged:tiny'] },
      { ...wide, models: '*' as const },
      { ...wide, tasks: ['tensors' as const] },
      { ...wide, limits },
      { ...wide, models: [] },
    ]) {
      await expect(world.ui(uiPromptAnswer, { id: view.id, answer })).rejects.toMatchObject({
        code: 'invalid-request',
      });
    }
    expect(world.windows.size).toBe(1);
    expect(await page.ask('permissions.query', {})).toEqual({ grants: [] });
  });

  test('a second answer changes nothing', async () => {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    const view = await shown();
    const answers = await Promise.all([
      world.ui(uiPromptAnswer, { id: view.id, answer: yesTo(view) }),
      world.ui(uiPromptAnswer, { id: view.id, answer: { decision: 'deny' } }),
    ]);
    expect(answers).toEqual([{ accepted: true }, { accepted: false }]);
    expect((await world.ui(uiState, {})).sites).toMatchObject([{ grants: [{ invoker: SITE }] }]);
  });

  test('a repeated call of the same id is the same call', async () => {
    const page = world.open(SITE);
    const id = page.call('session.open', ECHO);
    page.send({ envelope: { kind: 'call', id, method: 'session.open', params: ECHO, credit: 0 }, activated: true });
    await settled();
    expect(world.windowsOpened).toBe(1);
    await allow();
    expect(page.outcome(id)).toEqual({ token: TOKEN });
  });

  test('an incremental request shows what is held', async () => {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    expect((await shown()).holds).toBeUndefined();
    await allow();
    page.call('session.open', TINY);
    await settled();
    expect((await shown()).holds).toMatchObject({ models: ['packaged:echo'] });
    await allow();
    const { sites } = await world.ui(uiState, {});
    expect(sites[0]?.grants).toHaveLength(1);
    const [terms] = world.host.sessions.values();
    expect(terms?.grants).toMatchObject([{ models: ['packaged:echo', 'packaged:tiny'] }]);
  });

  test('an abort by the page withdraws the prompt', async () => {
    const page = world.open(SITE);
    const id = page.call('session.open', ECHO);
    await settled();
    page.abort(id);
    await settled();
    expect(page.outcome(id)).toBe('aborted');
    expect(world.windows.size).toBe(0);
  });

  test('prompts are few: three in all, one for an origin whatever surrounds it', async () => {
    for (const n of [1, 2, 3]) world.open(`https://site${n}.example`).call('session.open', ECHO);
    await settled();
    expect(world.windows.size).toBe(3);
    expect(await world.open(SITE).ask('session.open', ECHO)).toBe('busy');
    expect(await world.open('https://site1.example', { top: SITE }).ask('session.open', ECHO)).toBe('busy');
  });

  test('a thousand calls at once keep one window and bounded waiting', async () => {
    const page = world.open(SITE);
    const ids = Array.from({ length: 1000 }, () => page.call('session.open', ECHO));
    await settled();
    expect(world.windowsOpened).toBe(1);
    expect(ids.filter((id) => page.outcome(id) === 'busy')).toHaveLength(1000 - 64);
    await allow();
    expect(ids.filter((id) => page.outcome(id) === undefined)).toEqual([]);
    expect(world.host.sessions.size).toBe(1);
  });
});

describe('refusing', () => {
  test('denied sticks until its cool-down ends, for all documents of the site', async () => {
    const page = world.open(SITE);
    const id = page.call('session.open', ECHO);
    await settled();
    await answer('deny');
    expect(page.outcome(id)).toBe('permission-denied');
    expect(await world.open(SITE).ask('session.open', ECHO)).toBe('permission-denied');
    expect(await page.ask('session.open', TINY)).toBe('permission-denied');
    expect(world.windowsOpened).toBe(1);
    await world.advance(DEFAULT_SETTINGS.denyCooldownMs - 1);
    expect(await page.ask('session.open', ECHO)).toBe('permission-denied');
    await world.advance(1);
    page.call('session.open', ECHO);
    await settled();
    expect(world.windowsOpened).toBe(2);
  });

  test('the user can let a denied site ask again', async () => {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    await answer('deny');
    const [site] = (await world.ui(uiState, {})).sites;
    expect(site?.deniedUntil).toBe(world.now + DEFAULT_SETTINGS.denyCooldownMs);
    await world.ui(uiDenialClear, { subject: { invoker: SITE, topOrigin: SITE } });
    page.call('session.open', ECHO);
    await settled();
    expect(world.windowsOpened).toBe(2);
  });

  test('a closed window is no denial, but the third ends the asking of that document', async () => {
    const page = world.open(SITE);
    for (const _ of [1, 2, 3]) {
      const id = page.call('session.open', ECHO);
      await settled();
      for (const windowId of world.windows.keys()) world.closeWindow(windowId);
      await settled();
      expect(page.outcome(id)).toBe('permission-dismissed');
    }
    expect(await page.ask('session.open', ECHO)).toBe('permission-denied');
    expect(world.windowsOpened).toBe(3);
    world.open(SITE).call('session.open', ECHO);
    await settled();
    expect(world.windowsOpened).toBe(4);
  });

  test('the window closes when the asking tab does', async () => {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    page.leave();
    await settled();
    expect(world.windows.size).toBe(0);
  });

  test.each([
    ['an opaque origin', { origin: 'null' }],
    ['plain http', { origin: 'http://site.example' }],
    ['a private window', { incognito: true }],
    ['a frame of an insecure page', { isFrame: true, topUrl: 'http://top.example/' }],
    ['a frame of a data: page', { isFrame: true, topUrl: 'data:text/html,x' }],
    ['a frame of an unknown page', { isFrame: true, topUrl: undefined }],
  ])('refuses %s', async (_, sender) => {
    const page = world.open(SITE, { sender });
    expect(await page.ask('session.open', ECHO)).toBe('origin-refused');
    expect(await page.ask('permissions.query', {})).toBe('origin-refused');
    expect(await page.ask('capabilities', {})).toMatchObject({ granted: false });
    expect(world.windowsOpened).toBe(0);
  });

  test('a sleeping document is told so, and needs a new port', async () => {
    const page = world.open(SITE, { sender: { isActive: false } });
    expect(await page.ask('permissions.query', {})).toBe('suspended');
    Object.assign(page.sender, { isActive: true });
    expect(await page.ask('permissions.query', {})).toEqual({ grants: [] });
  });

  test('a frame needs a grant for the pair', async () => {
    const top = world.open(SITE);
    top.call('session.open', ECHO);
    await settled();
    await allow();
    const framed = world.open(SITE, { top: OTHER });
    expect(await framed.ask('session.open', ECHO, false)).toBe('activation-required');
    framed.call('session.open', ECHO);
    await settled();
    expect((await shown()).subject).toEqual({ invoker: SITE, topOrigin: OTHER });
  });

  test('unlisted methods and malformed params are refused', async () => {
    const page = world.open(SITE);
    expect(await page.ask('ui.state', {})).toBe('unknown-method');
    expect(await page.ask('__proto__', {})).toBe('unknown-method');
    expect(await page.ask('session.open', { models: [] })).toBe('invalid-request');
    expect(await page.ask('session.open', { ...ECHO, origin: OTHER })).toBe('invalid-request');
  });

  test('only the interface reaches its channel, only the host reports', async () => {
    const call = { channel: 'ui', method: 'ui.state', params: {} } as const;
    expect(await world.background.answer(call, { kind: 'host' })).toMatchObject({
      ok: false,
      error: { code: 'unknown-method' },
    });
    const report = { channel: 'report', method: 'report.session-closed', params: { token: '0'.repeat(32) } } as const;
    expect(await world.background.answer(report, { kind: 'ui' })).toMatchObject({ ok: false });
    expect(world.background.answer({ ...call, channel: 'host' }, { kind: 'ui' })).toBeUndefined();
  });
});

describe('lasting', () => {
  async function granted(duration: Duration) {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    await allow(duration);
    return page;
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
    expect(world.host.ended).toMatchObject([{ code: 'permission-expired' }]);
    expect(await page.ask('session.open', ECHO, false)).toBe('permission-expired');
    expect(page.events).toContain('permissions-changed');
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
    return { page, grant };
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
    const { page, grant } = await granted();
    const caveats = Object.fromEntries(grant.caveats.map(({ type, value }) => [type, value])) as never as Parameters<
      typeof world.ui<typeof uiGrantUpdate>
    >[1]['caveats'];
    await world.ui(uiGrantUpdate, { id: grant.id, caveats: { ...caveats, models: ['packaged:tiny'], maxTokens: 5 } });
    const [terms] = world.host.sessions.values();
    expect(terms?.grants).toMatchObject([{ models: ['packaged:tiny'], maxTokens: 5 }]);
    expect(await page.ask('session.open', ECHO, false)).toBe('activation-required');
    expect(await page.ask('session.open', TINY, false)).toEqual({ token: TOKEN });
  });

  test('frames shut out by the user are refused without a prompt, and a new grant keeps them out', async () => {
    const { page, grant } = await granted();
    const caveats = Object.fromEntries(grant.caveats.map(({ type, value }) => [type, value])) as never as Parameters<
      typeof world.ui<typeof uiGrantUpdate>
    >[1]['caveats'];
    await world.ui(uiGrantUpdate, { id: grant.id, caveats: { ...caveats, topLevelOnly: true } });
    const frame = world.open(SITE, { top: SITE });
    expect(await frame.ask('session.open', ECHO)).toBe('permission-denied');
    page.call('session.open', { ...ECHO, tasks: ['tensors'] });
    await settled();
    await allow();
    expect(await frame.ask('session.open', { ...ECHO, tasks: ['tensors'] })).toBe('permission-denied');
    expect(await page.ask('session.open', { ...ECHO, tasks: ['tensors'] })).toEqual({ token: TOKEN });
  });
});

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
      await world.background.attachBridge({ method: 'bridge.attach', params }, port);
      return !closed;
    };
    expect(await attach({ token, origin: SITE })).toBe(true);
    expect(await attach({ token, origin: OTHER })).toBe(false);
    expect(await attach({ token: 'f'.repeat(32), origin: SITE })).toBe(false);
    expect(await attach({ token, origin: SITE, extra: 1 })).toBe(false);
    await world.ui(uiGrantRevoke, { all: true });
    expect(await attach({ token, origin: SITE })).toBe(false);
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
});
