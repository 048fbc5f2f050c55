import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type GoldenCase,
  type GoldenModel,
  type GoldenTensor,
  largestDifference,
  openGolden,
} from '../support/golden.ts';
import { packagedFixture } from '../support/packaged-fixture.ts';
import { type ModelPageHost, type OpenModelPage, startModelPage } from './support/model-page.ts';
import { expectError, expectValue } from './support/outcome.ts';
import type { PlainTensor } from './support/page/plain-tensor.ts';

/** Where a graph's outputs are in the golden file, and which of the golden inputs it takes. */
interface GraphCase {
  readonly fixture: string;
  readonly graph: string;
  readonly inputs: readonly string[];
  /** Golden name by output name. */
  readonly outputs: Readonly<Record<string, string>>;
}

const TEXT = ['input_ids', 'attention_mask'];
const CASES: readonly GraphCase[] = [
  {
    fixture: 'bert',
    graph: 'text',
    inputs: [...TEXT, 'token_type_ids'],
    outputs: { logits: 'logits', mean_pooled: 'mean_pooled' },
  },
  { fixture: 'vit', graph: 'vision', inputs: ['pixel_values'], outputs: { logits: 'logits' } },
  {
    fixture: 'detr',
    graph: 'vision',
    inputs: ['pixel_values', 'pixel_mask'],
    outputs: { logits: 'logits', pred_boxes: 'pred_boxes' },
  },
  { fixture: 'wav2vec2', graph: 'audio', inputs: ['input_values', 'attention_mask'], outputs: { logits: 'logits' } },
  { fixture: 'clip', graph: 'text', inputs: TEXT, outputs: { text_embeds: 'text_embeds' } },
  { fixture: 'clip', graph: 'vision', inputs: ['pixel_values'], outputs: { image_embeds: 'image_embeds' } },
  { fixture: 'clap', graph: 'text', inputs: TEXT, outputs: { text_embeds: 'text_embeds' } },
  { fixture: 'clap', graph: 'audio', inputs: ['input_features'], outputs: { audio_embeds: 'audio_embeds' } },
  { fixture: 'x_clip', graph: 'video', inputs: ['pixel_values'], outputs: { video_embeds: 'video_embeds' } },
];

describe('graphs in the browser', () => {
  let host: ModelPageHost;
  let page: OpenModelPage;
  beforeAll(async () => {
    host = await startModelPage();
    page = await host.open();
  });
  afterAll(() => host.close());

  /** Loads one graph of a reference model, stored exactly. */
  async function load(fixture: string, graph: string, backend: 'wasm' | 'webgpu') {
    const { manifest, served } = await packagedFixture(fixture);
    for (const [path, content] of served) host.replace(path, content);
    return page.call('load', { backend, precision: 'fp32', manifest, use: { task: 'tensors', graph } });
  }

  describe.each(['wasm', 'webgpu'] as const)('on %s', (backend) => {
    it.each(CASES)('$fixture, $graph: compute the golden outputs', async ({ fixture, graph, inputs, outputs }) => {
      const golden = await openGolden(fixture);
      const [first] = golden.forward as readonly [GoldenCase];
      const { model } = expectValue(await load(fixture, graph, backend));
      const given = Object.fromEntries(
        await Promise.all(inputs.map(async (name) => [name, await plain(golden, first.inputs, name)] as const)),
      );
      const result = expectValue(await page.call('runGraph', model, graph, given));
      for (const [output, reference] of Object.entries(outputs)) {
        const expected = first.outputs[reference];
        const values = Float32Array.from(result[output]?.values ?? []);
        const error = largestDifference(values, await golden.floats(expected));
        expect(error, output).toBeLessThan(expected?.atol ?? 0);
      }
      await page.call('dispose', model);
    });
  });

  it('of X-CLIP give the golden logits one after the other', async () => {
    const golden = await openGolden('x_clip');
    const [first] = golden.forward as readonly [GoldenCase];
    const { model } = expectValue(await load('x_clip', 'text', 'wasm'));
    const run = async (graph: string, inputs: Readonly<Record<string, PlainTensor | undefined>>) => {
      expectValue(await page.call('prepare', model, { task: 'tensors', graph }));
      return expectValue(await page.call('runGraph', model, graph, inputs as Record<string, PlainTensor>));
    };
    const of = (name: string) => plain(golden, first.inputs, name);
    const { text_features } = await run('text', {
      input_ids: await of('input_ids'),
      attention_mask: await of('attention_mask'),
    });
    const { video_embeds, patch_features } = await run('video', { pixel_values: await of('pixel_values') });
    const { logits_per_video } = await run('prompts', { text_features, video_embeds, patch_features });
    const expected = first.outputs.logits_per_video;
    const error = largestDifference(Float32Array.from(logits_per_video?.values ?? []), await golden.floats(expected));
    expect(error).toBeLessThan(expected?.atol ?? 0);
    await page.call('dispose', model);
  });

  it('load what is asked for alone, and the rest when it is asked for', async () => {
    const golden = await openGolden('clip');
    const [first] = golden.forward as readonly [GoldenCase];
    const { model } = expectValue(await load('clip', 'text', 'wasm'));
    const text = Object.fromEntries(
      await Promise.all(TEXT.map(async (name) => [name, await plain(golden, first.inputs, name)] as const)),
    );
    const vision = { pixel_values: await plain(golden, first.inputs, 'pixel_values') };
    expectValue(await page.call('runGraph', model, 'text', text));
    expect(expectError(await page.call('runGraph', model, 'sound', text))).toMatchObject({
      code: 'invalid-request',
      data: { field: 'graph' },
    });
    expect(expectError(await page.call('runGraph', model, 'text', vision))).toMatchObject({ code: 'invalid-request' });
    expectValue(await page.call('prepare', model, { task: 'tensors', graph: 'vision' }));
    expectValue(await page.call('runGraph', model, 'vision', vision));
    await page.call('dispose', model);
  });

  it('of a model without a text task refuse to write text', async () => {
    const { manifest, served } = await packagedFixture('vit');
    for (const [path, content] of served) host.replace(path, content);
    const refused = await page.call('load', { backend: 'wasm', precision: 'fp32', manifest });
    expect(expectError(refused)).toMatchObject({ code: 'model-unsupported' });
  });
});

/** A golden input as numbers; a mask that a case leaves out keeps everything. */
async function plain(golden: GoldenModel, inputs: GoldenCase['inputs'], name: string): Promise<PlainTensor> {
  const given: GoldenTensor | undefined = inputs[name];
  if (given) {
    const { type, dims, data } = await golden.feed(given);
    return { dtype: type as PlainTensor['dtype'], dims: [...dims], values: Array.from(data as Float32Array, Number) };
  }
  const [like] = Object.values(inputs);
  if (!like) throw new Error('The case has no inputs.');
  const dims = [...like.shape];
  return { dtype: 'int64', dims, values: new Array(dims.reduce((a, b) => a * b, 1)).fill(1) };
}
