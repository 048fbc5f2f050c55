import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { StorageArea } from '../../platform/storage.ts';
import { createCell } from './cell.ts';

function fakeArea(stored: Record<string, unknown> = {}) {
  const map = new Map(Object.entries(stored));
  let failing = false;
  let writes = 0;
  const area: StorageArea = {
    get: async (key) => {
      if (failing) throw new Error('storage failed');
      return structuredClone(map.get(key));
    },
    set: async (items) => {
      if (failing) throw new Error('storage failed');
      writes += 1;
      for (const [key, value] of Object.entries(items)) map.set(key, structuredClone(value));
    },
    remove: async (key) => void map.delete(key),
  };
  return {
    area,
    map,
    fail: (on: boolean) => {
      failing = on;
    },
    writes: () => writes,
  };
}

const schema = v.array(v.number());
const cellIn = (area: StorageArea) => createCell({ area, key: 'k', schema, initial: [] });

describe('a cell', () => {
  test('takes 200 updates at once, one after the other', async () => {
    const { area, map } = fakeArea();
    const cell = cellIn(area);
    await Promise.all(Array.from({ length: 200 }, (_, n) => cell.update((list) => [...list, n])));
    const expected = Array.from({ length: 200 }, (_, n) => n);
    expect(await cell.read()).toEqual(expected);
    expect(map.get('k')).toEqual({ version: 1, data: expected });
    expect(await cellIn(area).read()).toEqual(expected);
  });

  test('remembers nothing that was not written, and goes on after a failure', async () => {
    const { area, fail } = fakeArea();
    const cell = cellIn(area);
    await cell.update(() => [1]);
    fail(true);
    await expect(cell.update(() => [2])).rejects.toThrow('storage failed');
    expect(await cell.read()).toEqual([1]);
    fail(false);
    await expect(
      cell.update(() => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await cell.update((list) => [...list, 3])).toEqual([1, 3]);
  });

  test('tries again when it could not be read', async () => {
    const { area, fail } = fakeArea({ k: { version: 1, data: [7] } });
    const cell = cellIn(area);
    fail(true);
    await expect(cell.read()).rejects.toThrow();
    fail(false);
    expect(await cell.read()).toEqual([7]);
  });

  test('does not write what did not change', async () => {
    const { area, writes } = fakeArea();
    await cellIn(area).update((list) => list);
    expect(writes()).toBe(0);
  });

  test.each([
    ['no object', 'text'],
    ['no version', { data: [1] }],
    ['bad data', { version: 1, data: ['x'] }],
    ['extra fields', { version: 1, data: [1], more: 1 }],
    ['a later version', { version: 2, data: [1] }],
    ['null', null],
  ])('with %s holds its initial value and keeps the damaged copy aside', async (_, raw) => {
    const { area, map } = fakeArea({ k: raw });
    const cell = cellIn(area);
    expect(await cell.read()).toEqual([]);
    expect(await cell.isDamaged()).toBe(true);
    expect(map.get('k.damaged')).toEqual(raw);
    await cell.update(() => [1]);
    const next = cellIn(area);
    expect(await next.read()).toEqual([1]);
    expect(await next.isDamaged()).toBe(true);
    await next.forgetDamage();
    expect(await next.isDamaged()).toBe(false);
  });

  test('brings old versions up to date, one version at a time', async () => {
    const migrations = {
      1: (data: unknown) => [data],
      2: (data: unknown) => (data as unknown[]).map(Number),
    };
    const open = (stored: unknown) =>
      createCell({ area: fakeArea({ k: stored }).area, key: 'k', schema, initial: [], version: 3, migrations }).read();
    expect(await open({ version: 1, data: '5' })).toEqual([5]);
    expect(await open({ version: 2, data: ['6'] })).toEqual([6]);
    expect(await open({ version: 3, data: [7] })).toEqual([7]);
    expect(await open({ version: 2, data: null })).toEqual([]);
    expect(await open({ version: 0, data: [1] })).toEqual([]);
  });
});
