import { describe, expect, it } from 'vitest';
import { openGolden } from '../../../test/support/golden.ts';
import type { PartName } from '../../families/family.ts';
import { familyOf } from '../../families/registry.ts';
import { storageOf } from '../../graphs/graph.ts';
import { paddedDimensions, resized, roundUp, sizesOf } from './fixed-sizes.ts';

describe('sizes that sessions are opened for', () => {
  it.each([
    [1, undefined, 1],
    [2, undefined, 16],
    [16, undefined, 16],
    [17, undefined, 32],
    [70, 77, 77],
    [77, 77, 77],
    [90, 77, 90],
  ])('%i with at most %s is %i', (size, most, expected) => {
    expect(roundUp(size, most)).toBe(expected);
  });

  it.each<[string, PartName, string[]]>([
    ['bert', 'text', ['tokens']],
    ['clip', 'text', ['tokens']],
    ['clap', 'text', ['tokens']],
    ['vit', 'vision', []],
    ['detr', 'vision', []],
    ['wav2vec2', 'audio', []],
    ['t5', 'encoder', ['tokens']],
    ['t5', 'cross', ['encoder_tokens']],
    ['t5', 'decoder', ['encoder_tokens', 'rows']],
    ['llama', 'decoder', ['rows']],
    ['llava', 'embedding', ['new_tokens']],
  ])('%s, %s: fills up %j', async (name, component, expected) => {
    const { config, table } = await openGolden(name);
    const storage = { ...storageOf('fp32'), standard: true as const };
    const graph = familyOf(config).components[component]?.(config, table, storage) ?? expect.fail();
    expect([...paddedDimensions(graph)]).toEqual(expected);
  });

  it('are read off what is fed', () => {
    const inputs = [{ name: 'a', element: 'int64', dims: [1, 'tokens', 'batch'] }] as const;
    expect(sizesOf(inputs, () => [1, 7, 3])).toEqual({ tokens: 7, batch: 3 });
  });
});

describe('a tensor of another size', () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i + 1);

  it('has zeros behind what was there, on every axis', () => {
    expect([...resized(data.slice(0, 4), [2, 2], [3, 3])]).toEqual([1, 2, 0, 3, 4, 0, 0, 0, 0]);
    expect([...resized(BigInt64Array.of(1n, 2n), [1, 2], [2, 2])]).toEqual([1n, 2n, 0n, 0n]);
  });

  it('is what is left where it is smaller', () => {
    expect([...resized(data, [2, 3, 2], [2, 1, 2])]).toEqual([1, 2, 7, 8]);
    expect([...resized(data, [2, 3, 2], [1, 3, 1])]).toEqual([1, 3, 5]);
    expect([...resized(data.slice(0, 1), [], [])]).toEqual([1]);
  });

  it('comes back as it was', () => {
    expect(resized(resized(data, [2, 3, 2], [4, 5, 2]), [4, 5, 2], [2, 3, 2])).toEqual(data);
  });
});
