import { beforeEach, describe, expect, test } from 'vitest';
import { createUser } from '../../test/support/fake-user.ts';
import { FakeWorld, settled } from '../../test/support/fake-world.ts';
import { DEFAULT_SETTINGS } from '../protocol/settings.ts';
import { uiDenialClear } from '../protocol/ui/ui-denial-clear.ts';
import { uiState } from '../protocol/ui/ui-state.ts';

const SITE = 'https://site.example';
const OTHER = 'https://other.example';
const ECHO = { models: ['packaged:echo'] };
const TINY = { models: ['packaged:tiny'] };

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});
const { allow, answer, shown } = createUser(() => world);

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
