import { describe, expect, it } from 'vitest';
import { uiModelUnload } from '../../src/protocol/ui/ui-model-unload.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { allow, infer } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const MODEL = 'packaged:storyteller';

const story = (input: string, maxNewTokens = 24) => ({
  model: MODEL,
  task: 'text-generation' as const,
  input: [{ role: 'user' as const, content: input }],
  options: { maxNewTokens },
});

describe('two sites and one model', () => {
  const suite = useExtension();

  it('load it once, and both are answered', async () => {
    const [first, second] = [await suite.visit('one'), await suite.visit('two')];
    for (const page of [first, second]) await allow(suite.browser, page, { models: [MODEL] });
    const answers = await Promise.all([
      infer(first, story('Tell me a story about a fox.')),
      infer(second, story('Is this review positive, negative or neutral?\n\nI love it.')),
    ]);
    expect(answers[0]).toMatchObject({ ok: true, value: { text: expect.stringMatching(/^Once upon a time, /) } });
    expect(answers[1]).toMatchObject({ ok: true, value: { text: 'Positive.', finishReason: 'end' } });
    const ui = await openUiClient(suite.browser);
    const { host } = await ui.call(uiState, {});
    expect(host).toMatchObject({ modelLoads: 1, residents: [{ name: MODEL, state: 'ready' }] });
    expect(host?.residents[0]?.backend).toMatch(/^REAL_/);
  });

  it('give its memory back when it is unloaded, and load it again when it is asked for', async () => {
    const page = await suite.visit('again');
    await allow(suite.browser, page, { models: [MODEL] });
    await infer(page, story('Good morning!', 4));
    const ui = await openUiClient(suite.browser);
    expect(await ui.call(uiModelUnload, { model: MODEL })).toEqual({ unloaded: true });
    expect((await ui.call(uiState, {})).host).toMatchObject({ residents: [], gpuBytes: 0, cpuBytes: 0 });
    expect(await infer(page, story('Good morning!', 4))).toMatchObject({ ok: true });
  });

  it('hold a prompt against the context of the model', async () => {
    const page = await suite.visit('long');
    await allow(suite.browser, page, { models: [MODEL] });
    expect(await infer(page, story('word '.repeat(2_000)))).toMatchObject({ ok: false, code: 'context-overflow' });
    expect(await infer(page, story('Good morning!', 4))).toMatchObject({ ok: true });
  });
});
