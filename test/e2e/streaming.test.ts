import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { emptyMemory, planComponents } from '../../offscreen/engines/ort/plan.ts';
import { familyOf } from '../../offscreen/families/registry.ts';
import type { Storage } from '../../offscreen/graphs/graph.ts';
import { DEFAULT_SETTINGS } from '../../src/protocol/settings.ts';
import { uiModelUnload } from '../../src/protocol/ui/ui-model-unload.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { makeAdapter } from '../support/adapters.ts';
import { hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOf, repoOfFolder } from '../support/hub/repo.ts';
import { openFolder } from '../support/node-graphs.ts';
import { allow, infer } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const MODEL = 'packaged:storyteller';
const STORY = {
  model: MODEL,
  task: 'text-generation',
  input: [{ role: 'user', content: 'Tell me a story about a fox.' }],
  options: { maxNewTokens: 24 },
} as const;

/** Bytes of ordinary memory that the packaged model takes in each of the ways in which it can be loaded. */
async function needs(): Promise<readonly number[]> {
  const config = JSON.parse(await readFile('models/storyteller/config.json', 'utf8'));
  const { table } = await openFolder('models/storyteller');
  const emit = familyOf(config).components.decoder ?? expect.fail('The model has no decoder.');
  const wanted = [{ name: 'decoder', emit: (storage: Storage) => emit(config, table, storage) }] as const;
  const plans = planComponents({ tier: 'wasm', precision: undefined, wanted, taken: emptyMemory('wasm') });
  return [...plans].map(({ memory }) => memory.cpuBytes);
}

describe('a model that is larger than the memory that models may take', () => {
  const suite = useExtension();

  it('answers as it does in memory, tells the site that it is streamed, and the user what of it', async () => {
    const page = await suite.visit('patient');
    await allow(suite.browser, page, { models: [MODEL] });
    const ui = await openUiClient(suite.browser);
    const whole = await infer(page, STORY);
    expect(whole).toMatchObject({ ok: true, value: { execution: { outputTokens: 24 } } });
    expect(whole).not.toMatchObject({ value: { execution: { streamed: true } } });
    expect(await ui.call(uiModelUnload, { model: MODEL })).toEqual({ unloaded: true });

    const least = Math.min(...(await needs()));
    await ui.call(uiSettingsSet, { ...DEFAULT_SETTINGS, backend: 'wasm', gpuBudgetBytes: 0, cpuBudgetBytes: least });
    const streamed = await infer(page, STORY);
    if (!whole.ok || !streamed.ok) throw new Error('Both are answered.');
    expect(streamed.value.text).toBe(whole.value.text);
    expect(streamed.value.execution).toMatchObject({ streamed: true, outputTokens: 24 });
    const { host } = await ui.call(uiState, {});
    expect(host?.residents[0]?.streaming).toMatchObject({ layers: 6, streamedLayers: 6 });
    expect(host?.residents[0]?.streaming?.tokenBytes).toBeGreaterThan(6 * 1e6);
    await ui.page.getByText(/6 of its 6 layers are read from disk for every token/).waitFor();
    expect(await ui.call(uiModelUnload, { model: MODEL })).toEqual({ unloaded: true });

    // One byte less, and it fits in no way.
    const none = { ...DEFAULT_SETTINGS, backend: 'wasm', gpuBudgetBytes: 0, cpuBudgetBytes: least - 1 } as const;
    await ui.call(uiSettingsSet, none);
    expect(await infer(page, STORY)).toMatchObject({ ok: false, code: 'out-of-memory' });
  });

  it('has no room for an adapter, which takes it from nobody', async () => {
    const adapter = await makeAdapter('models/storyteller', { base: 'org/story', added: ['q_proj'] });
    const hub = await serveHub({
      'org/story': await repoOfFolder('models/storyteller'),
      'org/adapter': repoOf(adapter.files),
    });
    try {
      const page = await suite.visit('adapting');
      const ui = await openUiClient(suite.browser);
      const least = Math.min(...(await needs()));
      const budgets = { backend: 'wasm', gpuBudgetBytes: 0, cpuBudgetBytes: least } as const;
      await ui.call(uiSettingsSet, { ...hubSettings(hub), ...budgets });
      await allow(suite.browser, page, { models: ['hf:org/story', 'hf:org/adapter'] });
      const story = { ...STORY, model: 'hf:org/story', options: { maxNewTokens: 4 } };
      const before = await infer(page, story);
      expect(before).toMatchObject({ ok: true, value: { execution: { streamed: true } } });
      const { host } = await ui.call(uiState, {});
      expect(await infer(page, { ...story, model: 'hf:org/adapter' })).toMatchObject({
        ok: false,
        code: 'out-of-memory',
      });
      const after = await infer(page, story);
      expect(after.ok && before.ok && after.value.text).toBe(before.ok && before.value.text);
      expect((await ui.call(uiState, {})).host?.modelLoads).toBe(host?.modelLoads);
      // Where the adapter comes first, the model is there for others all the same.
      await ui.call(uiModelUnload, { model: 'hf:org/story' });
      expect(await infer(page, { ...story, model: 'hf:org/adapter' })).toMatchObject({
        ok: false,
        code: 'out-of-memory',
      });
      expect(await infer(page, story)).toMatchObject({ ok: true, value: { execution: { streamed: true } } });
    } finally {
      await hub.close();
    }
  });
});
