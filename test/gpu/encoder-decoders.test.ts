import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GoldenCase, largestDifference, openGolden } from '../support/golden.ts';
import { packagedFixture } from '../support/packaged-fixture.ts';
import { type ModelPageHost, type OpenModelPage, startModelPage } from './support/model-page.ts';
import { expectValue } from './support/outcome.ts';
import type { PlainTensor } from './support/page/plain-tensor.ts';

/** Names of what an encoder takes of a golden case. */
const ENCODER_INPUTS = { t5: ['input_ids', 'attention_mask'], whisper: ['input_features'] } as const;

describe('encoders and their decoders, run on tensors', () => {
  let host: ModelPageHost;
  let page: OpenModelPage;
  beforeAll(async () => {
    host = await startModelPage();
    page = await host.open();
  });
  afterAll(() => host.close());

  describe.each(['wasm', 'webgpu'] as const)('on %s', (backend) => {
    it.each(['t5', 'whisper'] as const)('%s: compute the golden states and logits', async (fixture) => {
      const golden = await openGolden(fixture);
      const { manifest, served } = await packagedFixture(fixture);
      for (const [path, content] of served) host.replace(path, content);
      const use = { task: 'tensors', graph: 'encoder' } as const;
      const { model } = expectValue(await page.call('load', { backend, precision: 'fp32', manifest, use }));
      expectValue(await page.call('prepare', model, { task: 'tensors', graph: 'decoder' }));
      const [{ inputs, outputs }] = golden.forward as readonly [GoldenCase];
      const plain = async (name: string): Promise<PlainTensor> => {
        const { type, dims, data } = await golden.feed(inputs[name]);
        return {
          dtype: type as PlainTensor['dtype'],
          dims: [...dims],
          values: Array.from(data as Float32Array, Number),
        };
      };
      const given = Object.fromEntries(
        await Promise.all(ENCODER_INPUTS[fixture].map(async (name) => [name, await plain(name)] as const)),
      );
      const { last_hidden_state: states } = expectValue(await page.call('runGraph', model, 'encoder', given));
      if (!states || !outputs.logits) throw new Error('The encoder gave nothing.');
      const decoder = {
        input_ids: await plain('decoder_input_ids'),
        logit_positions: numbered(inputs.decoder_input_ids?.shape[1] ?? 0),
        encoder_hidden_states: states,
        ...(given.attention_mask && { encoder_attention_mask: given.attention_mask }),
      };
      const { logits } = expectValue(await page.call('runGraph', model, 'decoder', decoder));
      const error = largestDifference(logits?.values ?? [], await golden.floats(outputs.logits));
      expect(error).toBeLessThan(outputs.logits.atol ?? 0);
      await page.call('dispose', model);
    });
  });
});

/** Positions of all of `count` tokens. */
const numbered = (count: number): PlainTensor => ({ dtype: 'int64', dims: [count], values: [...Array(count).keys()] });
