import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { WebplatError } from '../../../../src/protocol/errors.ts';
import { makeAdapter } from '../../../../test/support/adapters.ts';
import { openFolder } from '../../../../test/support/node-graphs.ts';
import { bytesOfBlob } from '../../../checkpoint/model-bytes.ts';
import type { AdaptedProduct } from '../../../graphs/build/adapted.ts';
import { storageOf } from '../../../graphs/graph.ts';
import type { ModelReader } from '../../../store/model-reader.ts';
import type { PlannedComponent } from '../plan.ts';
import type { OrtModule } from '../runtime.ts';
import { hostSlots } from '../weight-slots.ts';
import { createAdapters } from './adapters.ts';

const LLAMA = 'test/fixtures/models/llama';
const HIDDEN = 64;

/** The layers that the adapters of these tests change, one product each. */
const product = (name: string): AdaptedProduct => ({
  name,
  inputs: HIDDEN,
  layers: [{ name, outputs: HIDDEN }],
  replaced: false,
});
const QUERIES = [0, 1].map((layer) => `model.layers.${layer}.self_attn.q_proj`);
const OUTPUTS = [0, 1].map((layer) => `model.layers.${layer}.self_attn.o_proj`);

function readerOf(
  files: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>,
): ModelReader & { reads: string[] } {
  const reads: string[] = [];
  const open = async (path: string) => {
    const content = files[path.replace('adapter/', '')];
    if (content === undefined) throw new WebplatError('model-corrupt');
    reads.push(path);
    return bytesOfBlob(new Blob([content]));
  };
  return {
    reads,
    paths: Object.keys(files),
    open,
    json: async (path: string) => {
      const content = files[path.replace('adapter/', '')];
      return path.startsWith('adapter/') && content !== undefined ? JSON.parse(String(content)) : undefined;
    },
    checked: async () => {},
  } as unknown as ModelReader & { reads: string[] };
}

async function setUp({ room = Number.POSITIVE_INFINITY } = {}) {
  const { table } = await openFolder(LLAMA);
  const made = [['q_proj'], ['o_proj'], ['q_proj']].map((added) => makeAdapter(LLAMA, { base: 'org/llama', added }));
  const readers = (await Promise.all(made)).map(({ files }) =>
    readerOf({ ...files, 'tokenizer.json': '{"own":true}' }),
  );
  let taken = 0;
  const adapters = createAdapters({
    filesOf: (adapter) => readers[adapter] ?? readerOf({}),
    base: { table, reader: readerOf({}), config: { model_type: 'llama' } },
    productsOf: (layers) => [...QUERIES, ...OUTPUTS].filter((name) => layers.has(name)).map(product),
    makeSlot: hostSlots(ort as unknown as OrtModule),
    onDevice: false,
    async reserve({ cpuBytes }) {
      if (taken + cpuBytes > room) throw new WebplatError('out-of-memory');
      taken += cpuBytes;
      return () => {
        taken -= cpuBytes;
      };
    },
  });
  const planned = (names: readonly string[]) =>
    ({
      name: 'decoder',
      storage: storageOf('fp32'),
      graph: { adapted: names.map(product) },
    }) as unknown as PlannedComponent;
  return { adapters, planned, readers, taken: () => taken };
}

describe('adapters of a model', () => {
  it('are opened once, tell what they change, and bring texts of their own', async () => {
    const { adapters, planned, readers, taken } = await setUp();
    const [one, other] = await Promise.all([adapters.use(0), adapters.use(0)]);
    expect([...adapters.layers.keys()].sort()).toEqual(QUERIES);
    const before = adapters.layers;
    await (await adapters.use(2)).prepare(planned(QUERIES));
    expect(adapters.layers, 'nothing new is changed').toBe(before);
    await adapters.use(1);
    expect([...adapters.layers.keys()].sort()).toEqual([...OUTPUTS, ...QUERIES].sort());
    expect(one.texts.file('tokenizer.json')).toEqual({ own: true });
    expect(one.texts.config).toEqual({ model_type: 'llama' });
    const component = planned(QUERIES);
    await Promise.all([one.prepare(component), other.prepare(component)]);
    expect(Object.keys(one.feedsOf('decoder'))).toHaveLength(4);
    expect(one.feedsOf('decoder')).toBe(other.feedsOf('decoder'));
    expect(one.feedsOf('vision')).toEqual({});
    expect(readers[0]?.reads).toHaveLength(1);
    expect(adapters.bytes()).toBe(taken());
  });

  it('are made anew for a component that was written anew, and give back what was made for the other', async () => {
    const { adapters, planned, taken } = await setUp();
    const adapter = await adapters.use(0);
    await adapter.prepare(planned(QUERIES));
    const bytes = taken();
    await adapter.prepare(planned([...QUERIES, ...OUTPUTS]));
    expect(Object.keys(adapter.feedsOf('decoder'))).toHaveLength(8);
    expect(taken()).toBeGreaterThan(bytes);
    expect(adapters.bytes()).toBe(taken());
  });

  it('leave when nobody uses them, the longest unused first, and come back', async () => {
    const { adapters, planned, taken } = await setUp();
    const used = [await adapters.use(0), await adapters.use(1), await adapters.use(2)];
    for (const adapter of used) await adapter.prepare(planned(QUERIES));
    expect(adapters.dropOne()).toBe(false);
    expect(adapters.idleBytes()).toBe(0);
    used[1]?.release();
    used[0]?.release();
    used[0]?.release();
    const all = taken();
    expect(adapters.idleBytes()).toBeGreaterThan(0);
    expect(adapters.dropOne()).toBe(true);
    expect(used[0]?.feedsOf('decoder')).toEqual({});
    expect(Object.keys(used[1]?.feedsOf('decoder') ?? {})).toHaveLength(4);
    expect(taken()).toBeLessThan(all);
    expect(adapters.dropOne()).toBe(true);
    expect(adapters.dropOne()).toBe(false);
    const again = await adapters.use(0);
    await again.prepare(planned(QUERIES));
    expect(Object.keys(again.feedsOf('decoder'))).toHaveLength(4);
  });

  it('take nothing where there is no room for them', async () => {
    const { adapters, planned, taken } = await setUp({ room: 100 });
    const adapter = await adapters.use(0);
    await expect(adapter.prepare(planned(QUERIES))).rejects.toMatchObject({ code: 'out-of-memory' });
    expect({ taken: taken(), bytes: adapters.bytes() }).toEqual({ taken: 0, bytes: 0 });
  });

  it('that cannot be opened are tried again, and change nothing', async () => {
    const { adapters } = await setUp();
    await expect(adapters.use(9)).rejects.toMatchObject({ code: 'model-corrupt' });
    await expect(adapters.use(9)).rejects.toMatchObject({ code: 'model-corrupt' });
    expect(adapters.layers.size).toBe(0);
  });
});
