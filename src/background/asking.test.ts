import { beforeEach, describe, expect, test } from 'vitest';
import { createUser, yesTo } from '../../test/support/fake-user.ts';
import { FakeWorld, settled } from '../../test/support/fake-world.ts';
import { uiPromptAnswer } from '../protocol/ui/ui-prompt-answer.ts';
import { uiState } from '../protocol/ui/ui-state.ts';

const SITE = 'https://site.example';
const ECHO = { models: ['packaged:echo'] };
const TINY = { models: ['packaged:tiny'] };
const TOKEN = expect.stringMatching(/^[0-9a-f]{32}$/);

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});
const { allow, shown } = createUser(() => world);

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

  test('who names no task is not asked for another one than is allowed already', async () => {
    const page = world.open(SITE);
    const id = page.call('session.open', { ...ECHO, tasks: ['image-classification'] });
    await settled();
    await allow();
    expect(page.outcome(id)).toEqual({ token: TOKEN });
    expect(await page.ask('session.open', ECHO, false)).toEqual({ token: TOKEN });
    expect(world.windowsOpened).toBe(1);
    // Another model, or a task that is named: the user is asked.
    const more = [{ models: ['packaged:echo', 'packaged:tiny'] }, { ...ECHO, tasks: ['text-generation'] }];
    for (const params of more) {
      const asked = page.call('session.open', params);
      await settled();
      expect(page.outcome(asked)).toBeUndefined();
      expect(world.windows.size).toBe(1);
      page.abort(asked);
      await settled();
    }
  });

  test('a relay that dials anew while the background is slow keeps its prompt and gets one answer', async () => {
    const page = world.open(SITE);
    const id = page.call('session.open', ECHO);
    await settled();
    await page.redial();
    expect(world.windows.size).toBe(1);
    await allow();
    expect(page.outcome(id)).toEqual({ token: TOKEN });
    expect(world.windowsOpened).toBe(1);
  });

  test('a site that takes prompts back again and again gets no more windows for a while', async () => {
    const page = world.open(SITE);
    const frame = world.open(SITE, { top: SITE, tabId: 1 });
    for (const asker of [page, frame, page]) {
      const id = asker.call('session.open', ECHO);
      await settled();
      asker.abort(id);
      await settled();
    }
    expect(await page.ask('session.open', ECHO)).toBe('busy');
    expect(world.windowsOpened).toBe(3);
    const other = world.open('https://other.example');
    expect(await other.ask('session.open', ECHO)).toBeUndefined();
    await world.advance(10_000);
    expect(await page.ask('session.open', ECHO)).toBeUndefined();
    expect(world.windowsOpened).toBe(5);
  });

  test('a document whose port broke keeps nobody from hearing, and the prompt from closing', async () => {
    const broken = world.open(SITE);
    await broken.ask('permissions.query', {});
    broken.hear = () => {
      broken.hear = () => {};
      throw new Error('the port is closed');
    };
    const page = world.open(SITE);
    const id = page.call('session.open', ECHO);
    await settled();
    await allow();
    expect(page.outcome(id)).toEqual({ token: TOKEN });
    expect(page.events).toEqual(['permissions-changed']);
    expect(world.windows.size).toBe(0);
  });

  test('a document that breaks the rules of its port is treated as gone', async () => {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    await allow({ kind: 'once' });
    const second = page.call('session.open', TINY);
    await settled();
    page.send({ envelope: { kind: 'call' }, activated: true });
    await settled();
    expect(world.windows.size).toBe(0);
    expect(page.outcome(second)).toBeUndefined();
    expect(world.host.ended).toMatchObject([{ code: 'session-ended' }]);
    expect((await world.ui(uiState, {})).sites).toEqual([]);
  });

  test('a page full of frames does not make others unheard', async () => {
    const page = world.open(SITE);
    await page.ask('permissions.query', {});
    for (let count = 0; count < 1030; count += 1) {
      world.open('https://many.example', { top: 'https://many.example', tabId: 99 }).call('capabilities', {});
    }
    await settled();
    const sibling = world.open(SITE);
    sibling.call('session.open', ECHO);
    await settled();
    await allow();
    expect(page.events).toEqual(['permissions-changed']);
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

  test('tells a granted site why a model fits nowhere, and what would', async () => {
    const [, tiny] = world.host.models;
    if (!tiny) throw new Error('The host has no such model.');
    const hardware = {
      family: 'llama',
      parameters: 70e9,
      components: ['decoder'],
      precisions: [{ precision: 'q4' as const, bytes: 37e9 }],
      recommended: { precision: 'q4' as const, backends: ['webgpu' as const] },
    };
    world.host.models.push(
      { ...tiny, name: 'packaged:giant', hardware },
      { ...tiny, name: 'packaged:streamed', hardware: { ...hardware, streamedBytes: 2e9 } },
    );
    const page = world.open(SITE);
    page.call('permissions.request', { models: ['packaged:giant', 'packaged:streamed', 'packaged:tiny'] });
    await settled();
    await allow();
    const ask = (model: string) => page.ask('models.availability', { model });
    expect(await ask('packaged:giant')).toMatchObject({
      availability: 'unavailable',
      reason: expect.stringContaining('37.0 GB'),
    });
    // Two layers of it at a time have room.
    expect(await ask('packaged:streamed')).toEqual({ availability: 'on-disk', streamed: true });
    expect(await ask('packaged:tiny')).toEqual({ availability: 'on-disk' });
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
    await world.ui(uiPromptAnswer, { id: view.id, answer: yesTo(view, { kind: 'always' }) });
    await settled();
    expect(page.outcome(late)).toBe('permission-denied');
    expect(await page.ask('models.list', {})).toMatchObject({ models: [{ name: 'packaged:echo' }] });
  });

  test('an answer that is wider than the offer is refused and the prompt stays', async () => {
    const page = world.open(SITE);
    page.call('session.open', ECHO);
    await settled();
    const view = await shown();
    const wide = yesTo(view, { kind: 'always' });
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
      world.ui(uiPromptAnswer, { id: view.id, answer: yesTo(view, { kind: 'always' }) }),
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
