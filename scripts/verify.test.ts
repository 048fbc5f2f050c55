import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bytesOfBlob } from '../offscreen/checkpoint/model-bytes.ts';
import { readTable } from '../offscreen/checkpoint/safetensors.ts';
import { floatsOf, idsOf } from './verify/numbers.ts';
import { toSafetensors } from './verify/raw.ts';
import { main } from './verify.ts';

describe('a command line of verify', () => {
  const said: string[] = [];
  let folder: string;
  beforeEach(async () => {
    said.length = 0;
    vi.spyOn(console, 'error').mockImplementation((text: unknown) => void said.push(String(text)));
    folder = await mkdtemp(path.join(tmpdir(), 'webplat-verify-'));
    await cp('test/fixtures/models/vit', path.join(folder, 'vit'), { recursive: true });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    [[], /^Name one folder\./],
    [['a', 'b'], /^Name one folder\./],
    [['--all', 'a'], /^Name one folder\./],
    [['a', '--unknown'], /unknown/],
    [['a', '--backend', 'cuda'], /^The backend is one of webgpu, /],
    [['a', '--precision', 'q1'], /^The precision is one of fp32, fp16, q8, q4\./],
    [['a', '--browser', 'lynx'], /^The browser is one of chromium, firefox, webkit\./],
  ])('that is wrong is told what is right: %j', async (args, expected) => {
    expect(await main(args)).toBe(1);
    expect(said.join('\n')).toMatch(expected);
    expect(said.join('\n')).toContain('npm run verify -- FOLDER');
  });

  it.each<[string, (model: string) => Promise<unknown>, RegExp]>([
    ['is not there', (model) => rm(model, { recursive: true }), /^There is no folder /],
    ['has no golden results', (model) => rm(`${model}/golden.json`), /^vit has no golden\.json\.$/],
    ['has no golden tensors', (model) => rm(`${model}/golden.safetensors`), /^vit has no golden\.safetensors\.$/],
    ['has no config', (model) => rm(`${model}/config.json`), /^vit has no config\.json\.$/],
    ['has no weights', (model) => rm(`${model}/model.safetensors`), /^vit has no weights/],
    ['has golden results that are none', (model) => writeFile(`${model}/golden.json`, '{'), /golden\.json is no JSON/],
    ['has other golden results', (model) => writeFile(`${model}/golden.json`, '{}'), /no list of forward cases/],
    [
      'is of an unknown type',
      (model) => writeFile(`${model}/config.json`, '{"model_type":"abacus"}'),
      /^vit cannot be verified: Models of type abacus do not run here\./,
    ],
    ['has damaged weights', (model) => writeFile(`${model}/model.safetensors`, 'x'), /^vit cannot be verified: /],
  ])('with a folder that %s gets one line', async (_, change, expected) => {
    const model = path.join(folder, 'vit');
    await change(model);
    expect(await main([model])).toBe(1);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(expected);
    expect(said[0]).not.toContain('\n');
  });
});

it('writes tensors that a reader of safetensors reads', async () => {
  const tensors = new Map([
    ['one/logits', floatsOf([1.5, -2], [1, 2])],
    ['two/new_ids', idsOf([7, 8, 9], [3])],
  ]);
  const bytes = bytesOfBlob(new Blob([new Uint8Array(toSafetensors(tensors))]));
  const { dataStart, tensors: table } = await readTable(bytes);
  expect(dataStart % 8).toBe(0);
  const valuesOf = async (name: string) => {
    const { begin = 0, end = 0 } = table.get(name) ?? {};
    return (await bytes.read(dataStart + begin, dataStart + end)).buffer;
  };
  expect(table.get('one/logits')).toMatchObject({ dtype: 'F32', shape: [1, 2] });
  expect([...new Float32Array(await valuesOf('one/logits'))]).toEqual([1.5, -2]);
  expect(table.get('two/new_ids')).toMatchObject({ dtype: 'I64', shape: [3] });
  expect([...new BigInt64Array(await valuesOf('two/new_ids'))]).toEqual([7n, 8n, 9n]);
});
