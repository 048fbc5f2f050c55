import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openSafetensors, readTable } from './safetensors.ts';

function makeFile(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.byteLength + data.byteLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  file.set(json, 8);
  file.set(data, 8 + json.byteLength);
  return file;
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

const reasonOf = (file: Uint8Array): unknown => {
  try {
    readTable(file);
  } catch (error) {
    expect(error).toMatchObject({ code: 'model-corrupt' });
    return (error as { data?: { reason?: string } }).data?.reason;
  }
  throw new Error('The file was accepted.');
};

describe('safetensors', () => {
  it('reads tensors by name and shape', () => {
    const file = makeFile(
      { __metadata__: { format: 'pt' }, b: f32([2], 4, 12), a: f32([1, 1], 0, 4) },
      floats(1, 2, 3),
    );
    const checkpoint = openSafetensors(file);
    expect([...checkpoint.float32('b', [2])]).toEqual([2, 3]);
    expect([...checkpoint.float32('a', [1, 1])]).toEqual([1]);
    expect(checkpoint.has('__metadata__')).toBe(false);
  });

  it('reads the packaged model', async () => {
    const { tensors } = readTable(await readFile('models/storyteller/model.safetensors'));
    expect(tensors.size).toBe(56);
    expect(tensors.get('model.norm.weight')).toMatchObject({ dtype: 'F16', shape: [256] });
  });

  it('refuses a missing tensor, another shape and an unreadable type', () => {
    const file = makeFile(
      { a: f32([2], 0, 8), q: { dtype: 'I8', shape: [1], data_offsets: [8, 9] } },
      new Uint8Array(9),
    );
    const checkpoint = openSafetensors(file);
    expect(() => checkpoint.float32('x', [2])).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
    expect(() => checkpoint.float32('a', [1, 2])).toThrow(expect.objectContaining({ code: 'model-corrupt' }));
    expect(() => checkpoint.float32('q', [1])).toThrow(expect.objectContaining({ code: 'model-unsupported' }));
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /too short/],
    ['a header length beyond the cap', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255), /too long/],
    ['a file that ends in its header', makeFile({ a: f32([1], 0, 4) }).subarray(0, 20), /inside its header/],
    ['a header that is not JSON', makeFile('{"a":'), /not JSON/],
    ['a header that is not UTF-8', Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff), /not JSON/],
    ['a header of another kind', makeFile('[]'), /does not describe/],
    ['a negative dimension', makeFile({ a: f32([-1], 0, 4) }, new Uint8Array(4)), /does not describe/],
    ['an unknown type', makeFile({ a: { ...f32([1], 0, 4), dtype: 'F33' } }, new Uint8Array(4)), /does not describe/],
    [
      'an inherited name as type',
      makeFile({ a: { ...f32([1], 0, 4), dtype: 'toString' } }, new Uint8Array(4)),
      /does not/,
    ],
    ['an unknown field', makeFile({ a: { ...f32([1], 0, 4), more: 1 } }, new Uint8Array(4)), /does not describe/],
    ['overlapping tensors', makeFile({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, new Uint8Array(12)), /overlap/],
    ['a hole', makeFile({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, new Uint8Array(12)), /belong to none/],
    ['offsets that run backwards', makeFile({ a: f32([1], 4, 0) }, new Uint8Array(4)), /belong to none/],
    ['a shape that needs other bytes', makeFile({ a: f32([3], 0, 8) }, new Uint8Array(8)), /bytes of its shape/],
    [
      'a shape whose product overflows',
      makeFile({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, new Uint8Array(8)),
      /of its shape/,
    ],
    ['a truncated tensor', makeFile({ a: f32([2], 0, 8) }, new Uint8Array(7)), /inside a tensor/],
    ['bytes after the end', makeFile({ a: f32([2], 0, 8) }, new Uint8Array(9)), /goes on/],
  ])('refuses %s', (_what, file, reason) => {
    expect(reasonOf(file)).toMatch(reason);
  });
});
