import { describe, expect, it } from 'vitest';
import { configOf, MISTRAL_7B, tensorsOf } from '../../../test/support/hub/generated.ts';
import type { ParamInfo, ParamTable } from '../../checkpoint/checkpoint.ts';
import { familyOf } from '../../families/registry.ts';
import { storageOf } from '../../graphs/graph.ts';
import { componentMemory, crossBytes, emptyMemory, type LoadPlan, planComponents } from './plan.ts';
import type { Tier } from './tiers.ts';

/** Ways to load a model of the size of Mistral 7B, with fewer layers for most of what is tested. */
function plan(tier: Tier, { contextTokens = 32_768, layers = 1 } = {}): LoadPlan[] {
  const shape = { ...MISTRAL_7B, contextTokens, layers };
  const params = new Map<string, ParamInfo>(
    tensorsOf(shape).map((tensor) => [tensor.name, { ...tensor, dtype: 'BF16', file: '', begin: 0, end: 0 }]),
  );
  const table: ParamTable = { get: (name) => params.get(name), names: () => [...params.keys()] };
  const config = configOf(shape);
  const emit = familyOf(config).components.decoder;
  if (!emit) throw new Error('The family has a decoder.');
  const wanted = [
    { name: 'decoder', emit: (storage: Parameters<typeof emit>[2]) => emit(config, table, storage) },
  ] as const;
  return [...planComponents({ tier, precision: 'q4', wanted, taken: emptyMemory(tier) })];
}

describe('ways to load a decoder', () => {
  it('take less memory, the later they come', () => {
    const needs = plan('jspi').map(({ memory }) => memory.gpuBytes);
    expect(needs).toHaveLength(10);
    for (const [i, need] of needs.slice(1).entries()) expect(need).toBeLessThan(needs[i] ?? 0);
  });

  it('are one where they come to the same', () => {
    const short = plan('jspi', { contextTokens: 512 });
    expect(short.map(({ components, maxSequences }) => `${maxSequences} ${components[0]?.label}`)).toEqual([
      '4 q4-4x32-f-c512',
      '2 q4-4x32-f-c512',
      '1 q4-4x32-f-c512',
      '1 q4-4x128-f-c512',
      '1 q4-4x128-8x128-c512',
      '1 q4-4x128-8x128-c512-k8',
      '1 q4-4x128-4x128-c512-k8',
    ]);
  });

  it('shorten the positions with the context', () => {
    const last = plan('jspi').at(-1);
    expect(last?.components[0]?.graph.shape?.contextTokens).toBe(2048);
  });

  it('get 7 billion parameters and 4096 tokens into 4 GiB', () => {
    const fitting = plan('jspi', { layers: 32 }).filter(({ memory }) => memory.gpuBytes <= 4 * 2 ** 30);
    expect(fitting[0]?.components[0]?.graph.shape?.contextTokens).toBe(4096);
  });

  it('keep floats in the caches of the WASM provider, which packs none, and count its memory as such', () => {
    for (const { components, memory } of plan('wasm')) {
      expect(components[0]?.storage.cacheBits).toBeUndefined();
      expect(memory.gpuBytes).toBe(0);
      expect(memory.cpuBytes).toBeGreaterThan(0);
    }
  });
});

describe('ways to load a decoder that is larger than its memory', () => {
  const layersKept = ({ components }: LoadPlan) => components[0]?.streamed?.keptLayers;

  it('come after all in which it is in memory, and keep fewer and fewer layers', () => {
    const plans = plan('jspi', { layers: 32 });
    expect(plans.map(layersKept)).toEqual([...Array(10).fill(undefined), 28, 24, 20, 16, 12, 8, 4, 0]);
    const needs = plans.slice(10).map(({ memory }) => memory.gpuBytes);
    for (const [i, need] of needs.slice(1).entries()) expect(need).toBeLessThan(needs[i] ?? 0);
  });

  it('take what is stored otherwise for none of them: converted once, it is read either way', () => {
    const plans = plan('jspi', { layers: 32 });
    const whole = plans.find(({ components }) => components[0]?.label === '1 q4-4x128-8x128-c4096-k8'.slice(2));
    expect(plans.at(-1)?.components[0]?.label).toBe(whole?.components[0]?.label);
  });

  it('get 7 billion parameters into one GiB, with a tenth of the layers in memory at once', () => {
    const last = plan('jspi', { layers: 32 }).at(-1);
    expect(last?.memory.gpuBytes).toBeLessThan(2 ** 30);
    expect(last?.components[0]?.graph.parts).toHaveLength(34);
  });

  it('are not offered where slots would hold everything, nor on WebNN', () => {
    expect(plan('wasm', { layers: 2 }).some((way) => layersKept(way) !== undefined)).toBe(false);
    expect(plan('wasm', { layers: 3 }).some((way) => layersKept(way) !== undefined)).toBe(true);
    expect(plan('webnn', { layers: 3 }).some((way) => layersKept(way) !== undefined)).toBe(false);
  });
});

describe('ways to load a decoder on WebNN', () => {
  it('fix every size, and count a copy of the weights for each of the sessions', () => {
    const [one] = plan('webnn');
    const [native] = plan('wasm');
    expect(one?.components[0]?.storage.standard).toBe(true);
    expect(one?.components[0]?.label.endsWith('-s')).toBe(true);
    expect(one?.memory.gpuBytes).toBe(0);
    expect(one?.memory.cpuBytes).toBeGreaterThan(native?.memory.cpuBytes ?? 0);
    expect(plan('webnn-gpu')[0]?.memory.gpuBytes).toBeGreaterThan(0);
  });
});

describe('a decoder with an encoder', () => {
  const shape = {
    ...{ layers: 2, hidden: 48, keyValueHeads: 4, headSize: 16, vocabularySize: 8, contextTokens: 96 },
    encoder: { states: 1500, hidden: 48, headSize: 12, masked: false },
  };
  const graph = { model: new Uint8Array(), parts: [], inputs: [], outputs: [], shape };

  it('has keys and values of all states in each sequence, whose heads are not filled up', () => {
    const storage = storageOf('fp32');
    const one = 2 * 2 * 4 * 1500 * 12 * 4;
    expect(crossBytes(storage, shape)).toBe(one);
    expect(crossBytes(storageOf('fp16'), shape)).toBe(one / 2);
    const caches = 2 * 2 * 4 * 96 * 16 * 4;
    const planned = { name: 'decoder', precision: 'fp32', storage, label: '', graph, stored: graph } as const;
    expect(componentMemory('jspi', planned, 3)).toEqual({ gpuBytes: 3 * (one + caches), cpuBytes: 0 });
  });
});
