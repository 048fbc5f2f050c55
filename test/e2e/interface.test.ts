import { describe, expect, it } from 'vitest';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { uiStop } from '../../src/protocol/ui/ui-stop.ts';
import { endsOf, openBusy } from '../support/busy-page.ts';
import { allow, echoOf, infer } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

describe('what the user does in the interface', () => {
  const suite = useExtension();

  it('counts what a site used', async () => {
    const page = await suite.visit('counted');
    await allow(suite.browser, page);
    for (let call = 0; call < 3; call++) await infer(page, echoOf(5));
    const ui = await openUiClient(suite.browser);
    const own = async () =>
      (await ui.call(uiState, {})).sites.find(({ subject }) => subject.invoker === suite.sites.origin('counted'));
    await expect.poll(async () => (await own())?.calls).toBe(3);
    expect(await own()).toMatchObject({ tokens: 15, sessions: 1 });
  });

  it('stop ends the running work and leaves the permission', async () => {
    const ui = await openUiClient(suite.browser);
    const page = await openBusy(suite, 'stopped');
    const active = async () => (await ui.call(uiState, {})).sites.reduce((sum, site) => sum + site.active, 0);
    await expect.poll(active).toBe(16);
    const origin = suite.sites.origin('stopped');
    expect(await ui.call(uiStop, { subject: { invoker: origin, topOrigin: origin } })).toEqual({ aborted: 16 });
    expect(await endsOf(page)).toEqual(['stopped']);
    expect(await infer(page, echoOf(1))).toMatchObject({ ok: true });
  });
});
