import { readFile } from 'node:fs/promises';
import type { InferenceSession } from 'onnxruntime-node';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../../../../src/protocol/model-files.ts';
import { makeAdapter } from '../../../../test/support/adapters.ts';
import { scattered } from '../../../../test/support/changed-params.ts';
import { openFolder, openNodeSession } from '../../../../test/support/node-graphs.ts';
import { type AdapterWeights, openAdapter } from '../../../checkpoint/adapter.ts';
import { parseAdapterConfig } from '../../../checkpoint/adapter-config.ts';
import { bytesOfBlob } from '../../../checkpoint/model-bytes.ts';
import { openParams } from '../../../checkpoint/params.ts';
import type { Emit } from '../../../families/family.ts';
import { familyOf } from '../../../families/registry.ts';
import type { AdaptedLayers } from '../../../graphs/build/adapted.ts';
import type { EmittedGraph } from '../../../graphs/build/graph-builder.ts';
import { storageOf } from '../../../graphs/graph.ts';
import { adaptable } from '../component-entry.ts';
import type { OrtModule } from '../runtime.ts';
import { hostSlots } from '../weight-slots.ts';
import { feedBytes, makeFeeds } from './feeds.ts';

/** Components, and layers of theirs that are changed: some of those that are computed together, and others alone. */
const CASES = [
  { model: 'llama', component: 'decoder', added: ['self_attn.q_proj', 'self_attn.v_proj', 'mlp.down_proj'] },
  { model: 'qwen3', component: 'decoder', added: ['self_attn.k_proj', 'self_attn.o_proj', 'mlp.gate_proj'] },
  { model: 'bert', component: 'text', added: ['attention.self.query', 'output.dense'], replaced: ['classifier'] },
  { model: 'vit', component: 'vision', added: ['attention.attention.value'], replaced: ['classifier'] },
  { model: 't5', component: 'encoder', added: ['SelfAttention.q', 'DenseReluDense.wo'] },
  { model: 'whisper', component: 'encoder', added: ['self_attn.k_proj', 'self_attn.q_proj', 'fc1'] },
] as const;

/** Inputs of a graph: ids, ones for masks, and numbers without a pattern for everything else. */
function inputsOf({ inputs }: EmittedGraph, more: Readonly<Record<string, ort.Tensor>>): Record<string, ort.Tensor> {
  const given = inputs.map(({ name, element, dims }) => {
    const sizes = dims.map((dim) =>
      typeof dim === 'number' ? dim : dim === 'past_capacity' ? 0 : dim.includes('tokens') ? 5 : 1,
    );
    const count = sizes.reduce((product, size) => product * size, 1);
    const whole = Array.from({ length: count }, (_, at) => (name === 'input_ids' ? 7 + at * 3 : 1));
    if (element === 'int64') return [name, new ort.Tensor('int64', BigInt64Array.from(whole, BigInt), sizes)] as const;
    if (element === 'int32') return [name, new ort.Tensor('int32', Int32Array.from(whole), sizes)] as const;
    return [name, new ort.Tensor('float32', Float32Array.from(scattered(sizes, 0.5).values), sizes)] as const;
  });
  return { ...Object.fromEntries(given), ...more };
}

const STEP = {
  last_position: new ort.Tensor('int32', [4], [1]),
  total_tokens: new ort.Tensor('int32', [5], [1]),
};

function largestDifference(a: InferenceSession.OnnxValueMapType, b: InferenceSession.OnnxValueMapType): number {
  expect(Object.keys(a)).toEqual(Object.keys(b));
  const differences = Object.keys(a).map((name) => {
    const [one, other] = [a[name]?.data as Float32Array, b[name]?.data as Float32Array];
    expect(one.length).toBe(other.length);
    return one.reduce((most, value, at) => Math.max(most, Math.abs(value - (other[at] ?? Number.NaN))), 0);
  });
  return Math.max(...differences);
}

describe.each(CASES)(
  'layers of $model, $component, that an adapter changes',
  ({ model, component, added, ...more }) => {
    const open = async () => {
      const folder = `test/fixtures/models/${model}`;
      const config = JSON.parse(await readFile(`${folder}/config.json`, 'utf8'));
      const checkpoint = await openFolder(folder);
      const emit = familyOf(config).components[component] as Emit;
      const made = await makeAdapter(folder, { base: `org/${model}`, added, ...more });
      const { [ADAPTER_CONFIG]: json, [ADAPTER_WEIGHTS]: file } = made.files;
      const bytesOf = (content: Uint8Array<ArrayBuffer> | string | undefined) => bytesOfBlob(new Blob([content ?? '']));
      const weights = await openAdapter(bytesOf(file), parseAdapterConfig(JSON.parse(String(json))), checkpoint.table);
      const merged = await openParams(new Map([['model.safetensors', bytesOf(made.merged)]]));
      const layers: AdaptedLayers = new Map([...weights.changes].map(([name, { kind }]) => [name, kind]));
      return { config, checkpoint, emit, weights, layers, merged };
    };

    it('compute what they would with the change in their weights, and without an adapter what they did', async () => {
      const { config, checkpoint, emit, weights, layers, merged } = await open();
      const storage = storageOf('fp32');
      const graph = emit(config, checkpoint.table, adaptable(storage, layers));
      const products = graph.adapted ?? [];
      const reached = new Set(products.flatMap((product) => product.layers.map(({ name }) => name)));
      // Of an encoder and a decoder, this is the encoder.
      for (const name of layers.keys()) expect(reached.has(name), name).toBe(!name.includes('decoder.'));
      const session = await openNodeSession(graph, checkpoint.reader);
      const run = async (emitted: EmittedGraph, on: InferenceSession, feeds: Record<string, ort.Tensor>) =>
        on.run({ ...inputsOf(emitted, 'shape' in emitted ? STEP : {}), ...feeds });
      const feeds = async (of?: AdapterWeights) => {
        const request = { products, float: 'float32', weights: of } as const;
        const { tensors } = await makeFeeds(request, hostSlots(ort as unknown as OrtModule));
        const bytes = Object.values(tensors).reduce((sum, { size }) => sum + size * 4, 0);
        expect(feedBytes(request)).toBe(bytes);
        return tensors as unknown as Record<string, ort.Tensor>;
      };
      const alone = emit(config, checkpoint.table, storage);
      const before = await run(alone, await openNodeSession(alone, checkpoint.reader), {});
      const together = emit(config, merged.table, storage);
      const expected = await run(together, await openNodeSession(together, merged.reader), {});
      expect(largestDifference(before, expected)).toBeGreaterThan(0.01);
      expect(largestDifference(await run(graph, session, await feeds(weights)), expected)).toBeLessThan(2e-4);
      expect(largestDifference(await run(graph, session, await feeds()), before)).toBeLessThan(1e-6);
    });

    it('are written with the same weights, in the same places', async () => {
      const { config, checkpoint, emit, layers } = await open();
      for (const precision of ['fp32', 'q4'] as const) {
        const [plain, changed] = [undefined, layers].map((some) =>
          emit(config, checkpoint.table, adaptable(storageOf(precision), some)),
        );
        const placesOf = (graph: EmittedGraph | undefined) =>
          graph?.parts.map(({ file, bytes, steps }) => ({
            file,
            bytes,
            weights: steps.flatMap((step) =>
              step.weights.map(({ offset, name }) => ({ offset, name: /\.\d+$/.test(name) ? '' : name })),
            ),
          }));
        expect(placesOf(changed)).toEqual(placesOf(plain));
      }
    });
  },
);
