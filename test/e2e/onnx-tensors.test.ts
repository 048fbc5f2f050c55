import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorData } from '../../content/webplat.d.ts';
import { uiSettingsSet } from '../../src/protocol/ui/ui-settings-set.ts';
import { uiState } from '../../src/protocol/ui/ui-state.ts';
import { type Hub, hubSettings, serveHub } from '../support/hub/hub.ts';
import { repoOf } from '../support/hub/repo.ts';
import { refusalIn, runIn } from '../support/infer-in-page.ts';
import { echoGraph, sumGraph } from '../support/onnx-graphs.ts';
import { allow } from '../support/page-client.ts';
import { useExtension } from '../support/suite.ts';
import { openUiClient } from '../support/ui-client.ts';

const TIMEOUT_MS = 180_000;
const DTYPES: readonly (keyof TensorData)[] = [
  'float32',
  'float16',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
];
const weights = new Uint8Array(Float32Array.of(10, 20).buffer);

describe('tensors through ONNX files', { timeout: TIMEOUT_MS }, () => {
  const suite = useExtension();
  let hub: Hub;
  let page: Page;
  /** Each test is a site of its own, which has to ask. */
  let sites = 0;
  beforeAll(async () => {
    hub = await serveHub({
      'org/echo': repoOf({ 'model.onnx': echoGraph(), 'README.md': 'text' }),
      'org/several': repoOf({
        'encoder.onnx': sumGraph('encoder.weight'),
        'encoder.weight': weights,
        'onnx/model.onnx': sumGraph('./model.onnx_data'),
        'onnx/model.onnx_data': weights,
        'onnx/model_q4.onnx': sumGraph(),
      }),
    });
  });
  afterAll(() => hub.close());

  async function open(...models: string[]): Promise<Page> {
    const ui = await openUiClient(suite.browser);
    await ui.call(uiSettingsSet, hubSettings(hub));
    sites += 1;
    page = await suite.visit(`runner-${sites}`);
    expect(await allow(suite.browser, page, { models, tasks: ['tensors'] })).toMatchObject({ ok: true });
    return page;
  }

  it('carries every element type there and back', async () => {
    await open('hf:org/echo');
    const inputs = Object.fromEntries(
      DTYPES.map((dtype) => [dtype, { dtype, dims: [2, 2], values: dtype === 'bool' ? [0, 1, 1, 0] : [0, 1, 2, 100] }]),
    );
    const outputs = await runIn(page, { model: 'hf:org/echo', inputs });
    expect(outputs).toEqual(Object.fromEntries(DTYPES.map((dtype) => [`${dtype} again`, inputs[dtype]])));
  });

  it('says what is wrong with inputs, and what is right', async () => {
    await open('hf:org/echo');
    const good = Object.fromEntries(DTYPES.map((dtype) => [dtype, { dtype, dims: [1, 2], values: [0, 1] }]));
    const run = (inputs: typeof good) => runIn(page, { model: 'hf:org/echo', inputs });
    const wrong = (name: string) => new RegExp(`${name} must be a tensor ${name} \\[rows, 2\\]`);
    await expect(run({ ...good, int32: { dtype: 'int32', dims: [1, 3], values: [0, 1, 2] } })).rejects.toThrow(
      wrong('int32'),
    );
    await expect(run({ ...good, int32: { dtype: 'int32', dims: [2], values: [0, 1] } })).rejects.toThrow(
      wrong('int32'),
    );
    await expect(run({ ...good, int8: { dtype: 'uint8', dims: [1, 2], values: [0, 1] } })).rejects.toThrow(
      wrong('int8'),
    );
    const { bool: _, ...lacking } = good;
    await expect(run(lacking)).rejects.toThrow(wrong('bool'));
    await expect(run({ ...good, more: { dtype: 'int8', dims: [1], values: [0] } })).rejects.toThrow(
      /more must be left out: the graph takes float32, /,
    );
    expect(await run(good)).toMatchObject({ 'int8 again': good.int8 });
  });

  it.each(['encoder', 'model', 'onnx/model', 'onnx/model.onnx', 'model_q4'])(
    'runs the file that is named: %s',
    async (graph) => {
      await open('hf:org/several');
      const inputs = { x: { dtype: 'float32', dims: [2], values: [1, 2] } } as const;
      const { y } = await runIn(page, { model: 'hf:org/several', graph, inputs });
      expect(y).toEqual({ dtype: 'float32', dims: [2], values: [11, 22] });
    },
  );

  it('names the graphs where none, or none of them, was named', async () => {
    await open('hf:org/several');
    for (const graph of [undefined, 'decoder', 'config']) {
      const refusal = await refusalIn(page, { model: 'hf:org/several', ...(graph && { graph }) });
      expect(refusal).toMatchObject({ code: 'invalid-request', data: { field: 'graph' } });
      expect(refusal.message).toContain('encoder, model, model_q4');
    }
  });

  const whole = sumGraph();
  const broken: Readonly<Record<string, readonly [string, Readonly<Record<string, Uint8Array | string>>, RegExp]>> = {
    text: ['model-corrupt', { 'model.onnx': 'version https://git-lfs.github.com/spec/v1' }, /no ONNX model/],
    empty: ['model-corrupt', { 'model.onnx': new Uint8Array(0) }, /no ONNX model/],
    cut: ['model-corrupt', { 'model.onnx': whole.slice(0, whole.length / 2) }, /no ONNX model/],
    unknown: ['model-unsupported', { 'model.onnx': sumGraph(undefined, 'Mystery') }, /Mystery/],
    outside: ['model-corrupt', { 'onnx/model.onnx': sumGraph('../config.json'), 'config.json': '{}' }, /outside/],
    absolute: ['model-corrupt', { 'model.onnx': sumGraph('/etc/passwd') }, /outside/],
    drive: ['model-corrupt', { 'model.onnx': sumGraph('C:\\weights') }, /outside/],
    lost: ['model-corrupt', { 'model.onnx': sumGraph('model.onnx_data') }, /has no model.onnx_data/],
    short: ['model-unsupported', { 'model.onnx': sumGraph('w.data'), 'w.data': new Uint8Array(4) }, /./],
  };

  it.each(Object.entries(broken))('refuses a file that is %s', async (name, [code, files, reason]) => {
    hub.put(`org/${name}`, repoOf(files));
    const model = `hf:org/${name}`;
    await open(model, 'hf:org/several');
    const refusal = await refusalIn(page, { model });
    expect(refusal).toMatchObject({ code, data: { reason: expect.stringMatching(reason) } });
    expect(refusal.data?.reason).not.toMatch(/\/|\\/);
    // Nothing of it stands in the way of what is in order.
    const inputs = { x: { dtype: 'float32', dims: [2], values: [1, 2] } } as const;
    expect(await runIn(page, { model: 'hf:org/several', graph: 'model_q4', inputs })).toMatchObject({
      y: { values: [11, 22] },
    });
    const ui = await openUiClient(suite.browser);
    const { host } = await ui.call(uiState, {});
    expect(host?.residents.map(({ name }) => name)).not.toContain(model);
  });
});
