import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GoldenCase, type GoldenModel, largestDifference, openGolden } from '../support/golden.ts';
import { packagedFixture } from '../support/packaged-fixture.ts';
import { type ModelPageHost, type OpenModelPage, startModelPage } from './support/model-page.ts';
import { expectError, expectValue } from './support/outcome.ts';
import type { LoadArguments } from './support/page/main.ts';
import type { PlainTensor } from './support/page/plain-tensor.ts';

const TEXT = { task: 'tensors', graph: 'text' } as const;
const VISION = { task: 'tensors', graph: 'vision' } as const;
const TOWERS = [
  { use: TEXT, inputs: ['input_ids', 'attention_mask'], output: 'text_embeds' },
  { use: VISION, inputs: ['pixel_values'], output: 'image_embeds' },
] as const;

describe('components on a graphics device', () => {
  let host: ModelPageHost;
  let page: OpenModelPage;
  let golden: GoldenModel;
  beforeAll(async () => {
    host = await startModelPage();
    page = await host.open();
    golden = await openGolden('clip');
  });
  afterAll(() => host.close());

  async function load(options: Partial<LoadArguments> = {}) {
    const { manifest, served } = await packagedFixture('clip');
    for (const [path, content] of served) host.replace(path, content);
    const wanted = { backend: 'webgpu', precision: 'fp32', manifest, use: TEXT, ...options } as const;
    return expectValue(await page.call('load', wanted));
  }

  /** Runs one of the towers and answers how far it is from the golden embeddings. */
  async function errorOf(model: number, { use, inputs, output }: (typeof TOWERS)[number]): Promise<number> {
    const [first] = golden.forward as readonly [GoldenCase];
    const given: Record<string, PlainTensor> = {};
    for (const name of inputs) {
      const { type, dims, data } = await golden.feed(first.inputs[name]);
      given[name] = {
        dtype: type as PlainTensor['dtype'],
        dims: [...dims],
        values: Array.from(data as ArrayLike<number>, Number),
      };
    }
    const outputs = expectValue(await page.call('runGraph', model, use.graph, given));
    const values = Float32Array.from(outputs[output]?.values ?? []);
    const { [output]: expected } = first.outputs;
    expect(expected?.atol).toBeGreaterThan(0);
    return largestDifference(values, await golden.floats(expected)) / (expected?.atol ?? 0);
  }

  it('leave when nobody uses them, give their memory back, and come back when they are needed', async () => {
    const { model, memory } = await load();
    expect(memory.idleGpuBytes).toBeGreaterThan(0);
    expectValue(await page.call('prepare', model, VISION));
    const both = await page.call('memory', model);
    expect(both.gpuBytes).toBeGreaterThan(memory.gpuBytes);
    expect(await page.call('dropIdle', model)).toEqual(['text', 'vision']);
    const none = await page.call('memory', model);
    expect(none).toMatchObject({ idleGpuBytes: 0 });
    expect(both.gpuBytes - none.gpuBytes).toBeGreaterThanOrEqual(0.9 * (both.idleGpuBytes ?? Number.NaN));
    for (const tower of TOWERS) expect(await errorOf(model, tower)).toBeLessThan(1);
    const again = await page.call('memory', model);
    expect(again.idleGpuBytes).toBe(both.idleGpuBytes);
    await page.call('dispose', model);
  });

  it('take turns where there is room for one of them only', async () => {
    const { model, memory } = await load();
    expectValue(await page.call('prepare', model, VISION));
    const both = await page.call('memory', model);
    await page.call('dispose', model);

    // What a model is granted counts work beside weights; only the difference matters here.
    const wanted = await page.call('wanted');
    const gpuBudgetBytes = Math.max(...wanted.map(({ gpuBytes }) => gpuBytes)) - 1;
    expect(both.gpuBytes).toBeGreaterThan(memory.gpuBytes);
    const tight = await load({ gpuBudgetBytes });
    for (const tower of [...TOWERS, ...TOWERS]) expect(await errorOf(tight.model, tower)).toBeLessThan(1);
    expect(await page.call('dropIdle', tight.model)).toEqual(['text', 'vision', 'text', 'vision']);
    await page.call('dispose', tight.model);
  });

  it('that fit nowhere are refused with what they need', async () => {
    const { manifest } = await packagedFixture('clip');
    const outcome = await page.call('load', {
      backend: 'webgpu',
      precision: 'fp32',
      manifest,
      use: TEXT,
      gpuBudgetBytes: 1000,
    });
    expect(expectError(outcome)).toMatchObject({ code: 'out-of-memory', data: { quota: 1000 } });
  });
});
