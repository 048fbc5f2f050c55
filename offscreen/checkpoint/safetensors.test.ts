import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { bytesOfBlob } from './model-bytes.ts';
import { openParams } from './params.ts';
import { readTable } from './safetensors.ts';

function makeFile(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.byteLength + data.byteLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  file.set(json, 8);
  file.set(data, 8 + json.byteLength);
  return file;
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

const bytes = (file: Uint8Array<ArrayBuffer>) => bytesOfBlob(new Blob([file]));
const open = (files: Record<string, Uint8Array<ArrayBuffer>>) =>
  openParams(new Map(Object.entries(files).map(([name, file]) => [name, bytes(file)])));

const reasonOf = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
  } catch (error) {
    expect(error).toMatchObject({ code: 'model-corrupt' });
    return (error as { data?: { reason?: string } }).data?.reason;
  }
  throw new Error('The file was accepted.');
};

describe('safetensors', () => {
  it('reads rows of parameters by name', async () => {
    const file = makeFile(
      { __metadata__: { format: 'pt' }, b: f32([3, 1], 4, 16), a: f32([], 0, 4) },
      floats(1, 2, 3, 4),
    );
    const { table, reader } = await open({ 'model.safetensors': file });
    expect([...(await reader.rows('b', 0, 3))]).toEqual([2, 3, 4]);
    expect([...(await reader.rows('b', 1, 2))]).toEqual([3]);
    expect([...(await reader.rows('a', 0, 1))]).toEqual([1]);
    expect(table.names()).toEqual(['b', 'a']);
    expect(table.get('b')).toMatchObject({ shape: [3, 1], dtype: 'F32', file: 'model.safetensors' });
  });

  it('reads the packaged model', async () => {
    const file = new Blob([await readFile('models/storyteller/model.safetensors')]);
    const { tensors } = await readTable(bytesOfBlob(file));
    expect(tensors.size).toBe(56);
    expect(tensors.get('model.norm.weight')).toMatchObject({ dtype: 'F16', shape: [256] });
  });

  it('refuses a missing parameter and an unreadable type', async () => {
    const file = makeFile({ q: { dtype: 'I8', shape: [1], data_offsets: [0, 1] } }, new Uint8Array(1));
    const { reader } = await open({ 'model.safetensors': file });
    await expect(reader.rows('x', 0, 1)).rejects.toMatchObject({ code: 'model-corrupt' });
    await expect(reader.rows('q', 0, 1)).rejects.toMatchObject({ code: 'model-unsupported' });
  });

  it('notices that a file has become shorter', async () => {
    const file = makeFile({ a: f32([2], 0, 8) }, floats(1, 2));
    const shrinking = { size: file.length, read: bytes(file.subarray(0, file.length - 4)).read };
    const { reader } = await openParams(new Map([['model.safetensors', shrinking]]));
    await expect(reader.rows('a', 0, 2)).rejects.toMatchObject({ code: 'model-corrupt' });
  });

  it.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
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
  ])('refuses %s', async (_what, file, reason) => {
    expect(await reasonOf(readTable(bytes(file)))).toMatch(reason);
  });
});

describe('a checkpoint in shards', () => {
  const index = (weight_map: unknown) => new TextEncoder().encode(JSON.stringify({ weight_map }));
  const one = makeFile({ a: f32([1], 0, 4) }, floats(1));
  const two = makeFile({ b: f32([1], 0, 4) }, floats(2));

  it('is one table', async () => {
    const { table, reader } = await open({
      'model.safetensors.index.json': index({ a: 'one.safetensors', b: 'two.safetensors' }),
      'one.safetensors': one,
      'two.safetensors': two,
    });
    expect([...table.names()].sort()).toEqual(['a', 'b']);
    expect([...(await reader.rows('b', 0, 1))]).toEqual([2]);
  });

  it.each([
    ['nothing at all', {}, /neither/],
    ['a damaged index', { 'model.safetensors.index.json': one }, /not JSON/],
    ['an index of another kind', { 'model.safetensors.index.json': index([1]) }, /does not say/],
    ['a shard that is not there', { 'model.safetensors.index.json': index({ a: '../one.safetensors' }) }, /has no/],
    [
      'a shard without what the index promises',
      { 'model.safetensors.index.json': index({ a: 'one.safetensors', b: 'one.safetensors' }), 'one.safetensors': one },
      /does not hold b/,
    ],
    [
      'a parameter in two shards',
      {
        'model.safetensors.index.json': index({ a: 'one.safetensors', b: 'two.safetensors' }),
        'one.safetensors': one,
        'two.safetensors': makeFile({ a: f32([1], 0, 4), b: f32([1], 4, 8) }, floats(1, 2)),
      },
      /Two files hold a/,
    ],
  ])('refuses %s', async (_what, files: Record<string, Uint8Array<ArrayBuffer>>, reason) => {
    expect(await reasonOf(open(files))).toMatch(reason);
  });
});
