import { describe, expect, test } from 'vitest';
import { type FakePage, FakeWorld, settled } from '../../test/support/fake-world.ts';
import { uiGrantRevoke } from '../protocol/ui/ui-grant-revoke.ts';
import { uiPromptAnswer } from '../protocol/ui/ui-prompt-answer.ts';
import { uiPromptGet } from '../protocol/ui/ui-prompt-get.ts';
import { uiState } from '../protocol/ui/ui-state.ts';
import type { PromptAnswer, PromptView } from '../protocol/ui/views.ts';

const SITE = 'https://site.example';
const ECHO = { models: ['packaged:echo'] };
const TOKEN = expect.stringMatching(/^[0-9a-f]{32}$/);

/** Prompts that can be answered, as their windows would show them. */
async function views(world: FakeWorld): Promise<PromptView[]> {
  const shown = await Promise.all(world.promptIds.map((id) => world.ui(uiPromptGet, { id })));
  return shown.flatMap(({ prompt }) => (prompt ? [prompt] : []));
}

async function answer(world: FakeWorld, decide: (view: PromptView) => PromptAnswer): Promise<void> {
  for (const view of await views(world)) await world.ui(uiPromptAnswer, { id: view.id, answer: decide(view) });
  await settled();
}

const yes = ({ models, tasks, limits }: PromptView): PromptAnswer => ({
  decision: 'allow',
  duration: { kind: 'always' },
  models: models.map(({ name }) => name),
  tasks,
  limits,
});

/** One scenario as steps, each of which leaves the world at rest. */
interface Scenario {
  readonly steps: readonly ((world: FakeWorld, page: FakePage) => Promise<void> | void)[];
  readonly check: (world: FakeWorld, page: FakePage) => Promise<void>;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'asked and allowed': {
    steps: [(_, page) => void page.call('session.open', ECHO), (world) => answer(world, yes)],
    async check(world, page) {
      expect(page.outcome(1)).toEqual({ token: TOKEN });
      const { token } = page.outcome(1) as { token: string };
      expect(await page.ask('session.open', ECHO, false)).toEqual({ token });
      expect(world.host.sessions.get(token)?.grants).toMatchObject([{ models: ['packaged:echo'] }]);
      expect((await world.ui(uiState, {})).sites).toMatchObject([{ sessions: 1, grants: [{ invoker: SITE }] }]);
    },
  },
  'asked and denied': {
    steps: [(_, page) => void page.call('session.open', ECHO), (world) => answer(world, () => ({ decision: 'deny' }))],
    async check(world, page) {
      expect(page.outcome(1)).toBe('permission-denied');
      expect(await page.ask('session.open', ECHO)).toBe('permission-denied');
      expect((await world.ui(uiState, {})).sites).toMatchObject([{ sessions: 0, grants: [] }]);
    },
  },
  'asked and the window closed': {
    steps: [
      (_, page) => void page.call('session.open', ECHO),
      async (world) => {
        for (const windowId of [...world.windows.keys()]) world.closeWindow(windowId);
        await settled();
      },
    ],
    async check(_, page) {
      expect(page.outcome(1)).toBe('permission-dismissed');
    },
  },
  'two documents wait for one prompt': {
    steps: [
      (_, page) => void page.call('session.open', ECHO),
      (world) => void world.open(SITE).call('permissions.request', ECHO),
      (world) => answer(world, yes),
    ],
    async check(world, page) {
      expect(page.outcome(1)).toEqual({ token: TOKEN });
      expect(world.pages[1]?.outcome(1)).toMatchObject({ grants: [{}] });
    },
  },
  'allowed and withdrawn': {
    steps: [
      (_, page) => void page.call('session.open', ECHO),
      (world) => answer(world, yes),
      async (world) => void (await world.ui(uiGrantRevoke, { all: true })),
    ],
    async check(world, page) {
      expect(page.outcome(1)).toEqual({ token: TOKEN });
      expect(await page.ask('session.open', ECHO, false)).toBe('activation-required');
      expect((await world.ui(uiState, {})).sites.flatMap(({ grants }) => grants)).toEqual([]);
    },
  },
  'left while asking': {
    steps: [(_, page) => void page.call('session.open', ECHO), (_, page) => page.leave()],
    async check(world) {
      // A document that left while no background heard it is found missing a little later.
      await world.advance(10_000);
      expect(await views(world)).toEqual([]);
      expect(world.windows.size).toBe(0);
    },
  },
};

async function play({ steps, check }: Scenario, world: FakeWorld, between: () => Promise<void>): Promise<void> {
  const page = world.open(SITE);
  for (const step of steps) {
    await step(world, page);
    await settled();
    await between();
  }
  world.stopAtCrossing = Number.POSITIVE_INFINITY;
  await check(world, page);
  expect(world.errors).toEqual([]);
}

describe.each(Object.entries(SCENARIOS))('%s', (_, scenario) => {
  test('with the background stopped between every two steps', async () => {
    const world = new FakeWorld();
    await play(scenario, world, async () => {
      world.restart();
      await settled();
    });
    expect(world.windowsOpened).toBe(1);
  });

  test('with the background stopped on either side of any operation', async () => {
    const smooth = new FakeWorld();
    await play(scenario, smooth, async () => {});
    const { crossings } = smooth;
    expect(crossings).toBeGreaterThan(20);
    for (let crossing = 1; crossing <= crossings; crossing += 1) {
      const world = new FakeWorld();
      world.stopAtCrossing = crossing;
      await play(scenario, world, async () => {}).catch((error: unknown) => {
        throw new Error(`stopped at crossing ${crossing}`, { cause: error });
      });
    }
  });
});
