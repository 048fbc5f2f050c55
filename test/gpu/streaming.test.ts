import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelPageHost, type OpenModelPage, startModelPage } from './support/model-page.ts';
import { expectError, expectValue } from './support/outcome.ts';
import type { LoadArguments } from './support/page/main.ts';

const PROMPT = '<|begin|>Once upon a time, there was a';
/** Layers of the packaged model. */
const LAYERS = 6;

/** Which budget counts on a tier; on the software adapter a token takes a while. */
const TIERS = [
  { backend: 'wasm', bytes: 'cpuBytes', budget: 'cpuBudgetBytes', precision: 'fp32', tokens: 24 },
  { backend: 'webgpu', bytes: 'gpuBytes', budget: 'gpuBudgetBytes', precision: 'q4', tokens: 6 },
] as const;

describe.each(TIERS)(
  'a decoder larger than its memory, $backend, $precision',
  ({ backend, bytes, budget, precision, tokens }) => {
    let host: ModelPageHost;
    let page: OpenModelPage;
    let needs: readonly number[];
    beforeAll(async () => {
      host = await startModelPage();
      page = await host.open();
      const refused = expectError(await load(0));
      needs = (await page.call('wanted')).map((need) => need[bytes]);
      expect(refused).toMatchObject({ code: 'out-of-memory', data: { requested: Math.min(...needs), quota: 0 } });
    });
    afterAll(() => host.close());

    const load = (budgetBytes: number) => {
      const wanted: LoadArguments = { backend, precision, [budget]: budgetBytes };
      return page.call('load', wanted);
    };
    const generate = async (model: number) =>
      expectValue(await page.call('generate', { model, input: PROMPT, maxNewTokens: tokens }));

    it('says what it says in memory, however many of its layers stay', async () => {
      // The last ways, one with fewer layers than the other.
      const [fewest, more] = [needs.at(-1) ?? 0, needs.at(-3) ?? 0];
      expect(more).toBeGreaterThan(fewest);
      const whole = expectValue(await load(Math.max(...needs.filter((need) => need > more))));
      expect(whole.info.streaming).toBeUndefined();
      const expected = await generate(whole.model);
      await page.call('dispose', whole.model);
      expect(expected.outputTokens).toBe(tokens);

      for (const budgetBytes of [more, fewest]) {
        const { model, info } = expectValue(await load(budgetBytes));
        expect(info.streaming).toMatchObject({ layers: LAYERS });
        const { streamedLayers = 0, tokenBytes = 0 } = info.streaming ?? {};
        if (budgetBytes === fewest) expect(streamedLayers).toBe(LAYERS);
        else expect(streamedLayers).toBeLessThan(LAYERS);
        expect(tokenBytes).toBeGreaterThan(streamedLayers * 100_000);
        expect((await generate(model)).text).toBe(expected.text);
        // Twice: layers begin again from the first one.
        expect((await generate(model)).text).toBe(expected.text);
        const { streaming } = await page.call('info', model);
        expect(streaming?.tokenMs).toBeGreaterThan(0);
        await page.call('dispose', model);
      }
    });
  },
);
