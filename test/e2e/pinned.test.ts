import { describe, expect, it } from 'vitest';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { openManager } from '../support/manager.ts';
import { allow, echoOf, infer } from '../support/page-client.ts';
import { useRestarts } from '../support/restarts.ts';
import { openUiClient } from '../support/ui-client.ts';

const TIMEOUT_MS = 120_000;

describe('a model of the package that the user pins', { timeout: TIMEOUT_MS }, () => {
  const restarts = useRestarts();

  it('is in memory when the browser has started, until it is pinned no longer', async () => {
    const page = await restarts.visit('reader');
    await allow(restarts.browser, page);
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
    let manager = await openManager(restarts.browser);
    await manager.getByRole('button', { name: 'Pin Storyteller' }).click();
    await manager.getByText(/is pinned: it stays on disk/).waitFor();
    await manager.getByText('Pinned', { exact: true }).waitFor();

    await restarts.killAndRestart();
    const ui = await openUiClient(restarts.browser);
    const inMemory = async () =>
      (await ui.call(uiState, {})).host?.residents.map(({ name, state }) => `${name} ${state}`);
    await expect.poll(inMemory, { timeout: TIMEOUT_MS / 2 }).toEqual(['packaged:storyteller ready']);
    manager = await openManager(restarts.browser);
    await manager.getByRole('button', { name: 'Unpin Storyteller' }).click();
    await manager.getByRole('button', { name: 'Pin Storyteller' }).waitFor();

    await restarts.killAndRestart();
    const again = await openUiClient(restarts.browser);
    const state = await again.call(uiState, {});
    expect(state).toMatchObject({ pinned: [] });
    expect(state.host?.residents ?? []).toEqual([]);
  });
});
