import type { Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import type { MakeSlot } from '../weight-slots.ts';
import { openLayerWeights } from './layer-weights.ts';
import { isKept } from './layout.ts';

const MIB = 2 ** 20;

/** Layers of two weights each, the first of which is longer than what is read at once. */
const weights = [
  { name: 'long', element: 'uint8', dims: [20 * MIB], offset: 0, bytes: 20 * MIB },
  { name: 'odd', element: 'uint8', dims: [3], offset: 20 * MIB, bytes: 3 },
] as const;
const BYTES = 20 * MIB + 3;

/** Slots that remember what was written to them. */
function watchedSlots() {
  const live = new Set<Record<string, Uint8Array>>();
  const makeSlot: MakeSlot = (planned) => {
    const data = planned.map(({ bytes }) => new Uint8Array(bytes));
    const tensors = Object.fromEntries(planned.map(({ name }, at) => [name, data[at] as Uint8Array]));
    live.add(tensors);
    return {
      tensors: tensors as unknown as Record<string, Tensor>,
      write: (weight, offset, bytes) => data[weight]?.set(bytes, offset),
      free: async () => {},
      dispose: () => live.delete(tensors),
    };
  };
  return { live, makeSlot };
}

class CountedFile extends Blob {
  reads = 0;
  broken = false;

  override slice(start?: number, end?: number): Blob {
    this.reads += 1;
    return this.broken ? new Blob([]) : super.slice(start, end);
  }
}

function open(count: number, keptLayers: number) {
  const files = Array.from({ length: count }, (_, layer) => {
    const bytes = new Uint8Array(BYTES).fill(layer + 1);
    return { file: `layer.${layer}.bin`, data: new CountedFile([bytes]) };
  });
  const layers = files.map(({ file }) => ({ file, bytes: BYTES, weights }));
  const { live, makeSlot } = watchedSlots();
  return { files, live, opened: openLayerWeights({ layout: { ends: [], layers }, files, keptLayers, makeSlot }) };
}

/** What is in the weights of a layer: the first and the last byte of each. */
const bytesIn = (feeds: Readonly<Record<string, Tensor>>) =>
  Object.values(feeds as unknown as Record<string, Uint8Array>).flatMap((data) => [data[0], data.at(-1)]);

describe('layers that take turns in memory', () => {
  it('are read one after the other, at every step, but for those that stay', async () => {
    const { files, live, opened } = open(5, 2);
    const layers = await opened;
    expect(layers.streamedLayers).toBe(3);
    expect(layers.stepBytes).toBe(3 * BYTES);
    expect(live.size).toBe(2 + 2);
    for (let step = 0; step < 3; step += 1) {
      for (let at = 0; at < 5; at += 1) expect(bytesIn(await layers.layer(at))).toEqual(Array(4).fill(at + 1));
    }
    const reads = files.map(({ data }) => data.reads);
    const staying = reads.filter((_, at) => isKept(at, 2, 5));
    expect(staying).toEqual([3, 3]);
    await layers.dispose();
    expect(live.size).toBe(0);
  });

  it('hold until those of another are asked for, while the next ones are read', async () => {
    const layers = await open(4, 0).opened;
    const first = await layers.layer(0);
    // The next one is on its way into the other slot by now.
    await layers.layer(1);
    expect(bytesIn(first)).not.toContain(2);
    await layers.dispose();
  });

  it('begin anew after a step that ended halfway', async () => {
    const layers = await open(5, 0).opened;
    for (const at of [0, 1, 2, 0, 1, 2, 3, 4, 0]) {
      expect(bytesIn(await layers.layer(at))).toEqual(Array(4).fill(at + 1));
    }
    await layers.dispose();
  });

  it('say so when a file is gone, and nothing before it is asked for', async () => {
    const { files, opened } = open(4, 0);
    const layers = await opened;
    await layers.layer(0);
    for (const { data } of files) data.broken = true;
    await layers.layer(1).catch(() => {});
    await expect(layers.layer(2)).rejects.toMatchObject({ code: 'engine-failed' });
    await layers.dispose();
  });

  it('all stay where slots would hold them anyway', async () => {
    const { live, opened } = open(3, 1);
    const layers = await opened;
    expect(layers).toMatchObject({ streamedLayers: 0, stepBytes: 0 });
    expect(live.size).toBe(3);
    await layers.dispose();
  });
});

it('spreads those that stay between those that do not', () => {
  const kept = (count: number, of: number) =>
    Array.from({ length: of }, (_, at) => (isKept(at, count, of) ? 'K' : '.'));
  expect(kept(2, 6).join('')).toBe('..K..K');
  expect(kept(3, 4).join('')).toBe('.KKK');
  expect(kept(0, 3).join('')).toBe('...');
});
