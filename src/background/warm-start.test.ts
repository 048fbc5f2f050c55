import { expect, test } from 'vitest';
import { FakeWorld, settled } from '../../test/support/fake-world.ts';
import { uiAct } from '../protocol/ui/ui-act.ts';
import { uiState } from '../protocol/ui/ui-state.ts';

const act = (world: FakeWorld, model: string, what: 'pin' | 'unpin' | 'remove' | 'check') =>
  world.ui(uiAct, { model, act: what });

/** The browser ends and starts: what is kept for its session is gone, and so is the host. */
async function restartBrowser(world: FakeWorld): Promise<void> {
  world.session.clear();
  world.host.vanish();
  world.restart();
  await settled();
}

test('pinned models are made ready once when the browser starts, not when the background does', async () => {
  const world = new FakeWorld();
  for (const name of ['hf:org/a', 'hf:org/b', 'hf:org/c']) await act(world, name, 'pin');
  await act(world, 'hf:org/a', 'unpin');
  await act(world, 'hf:org/b', 'check');
  await act(world, 'hf:org/c', 'remove');
  expect(world.host.warmed).toEqual([]);
  await restartBrowser(world);
  expect(world.host.warmed).toEqual(['hf:org/b']);
  world.restart();
  await settled();
  expect(world.host.warmed).toEqual(['hf:org/b']);
});

test('the manager is told which models are pinned', async () => {
  const world = new FakeWorld();
  for (const name of ['packaged:echo', 'hf:org/b']) await act(world, name, 'pin');
  expect((await world.ui(uiState, {})).pinned).toEqual(['packaged:echo', 'hf:org/b']);
  await act(world, 'packaged:echo', 'unpin');
  expect((await world.ui(uiState, {})).pinned).toEqual(['hf:org/b']);
});

test('no host is started where nothing is pinned', async () => {
  const world = new FakeWorld();
  await act(world, 'hf:org/a', 'pin');
  await act(world, 'hf:org/a', 'unpin');
  await restartBrowser(world);
  expect(world.host.exists).toBe(false);
});
