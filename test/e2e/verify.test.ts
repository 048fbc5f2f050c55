import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { bytesOfBlob } from '../../offscreen/checkpoint/model-bytes.ts';
import { readTable } from '../../offscreen/checkpoint/safetensors.ts';
import { main } from '../../scripts/verify.ts';

let folder: string;
let said: string[];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'webplat-verify-'));
  // A name that no reference model has: any folder of the format does.
  await cp('test/fixtures/models/vit', path.join(folder, 'never-seen'), { recursive: true });
});
beforeEach(() => {
  said = [];
  for (const kind of ['log', 'error'] as const) {
    vi.spyOn(console, kind).mockImplementation((text: unknown) => void said.push(String(text)));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const verify = (...options: string[]) => main([path.join(folder, 'never-seen'), ...options]);

it('passes a checkpoint that is right, and writes what was computed', async () => {
  expect(await verify('--raw', path.join(folder, 'raw'))).toBe(0);
  expect(said.join('\n')).toMatch(/met +forward image_rgb: logits, by vision: largest error .*, allowed 2\.0e-4/);
  expect(said.join('\n')).not.toMatch(/^ +(missed|skipped)/m);
  const bytes = bytesOfBlob(new Blob([await readFile(path.join(folder, 'raw/never-seen.safetensors'))]));
  const { tensors } = await readTable(bytes);
  expect(tensors.get('batch_of_images/logits')).toMatchObject({ dtype: 'F32', shape: [3, 10] });
});

it('judges fewer bits by native kernels with the same bits, and says what it does not judge', async () => {
  expect(await verify('--precision', 'q4')).toBe(0);
  expect(said.join('\n')).toMatch(
    /met +forward image_rgb: logits, by vision: from native kernels: .*allowed 1\.0e-4; from float32: /,
  );
  expect(said.join('\n')).toMatch(/measured +task image-classification/);
});

it('fails where nothing here computes as asked, and says why', async () => {
  expect(await verify('--precision', 'fp16')).toBe(1);
  expect(said.join('\n')).toContain('not available: ');
  expect(said.join('\n')).toContain('WebAssembly does not compute in fp16.');
});

it('fails where a golden result is another one', async () => {
  const file = path.join(folder, 'never-seen/golden.json');
  const golden = JSON.parse(await readFile(file, 'utf8'));
  golden.tasks[0].result[0].score += 0.001;
  golden.forward[0].outputs.logits.atol = 1e-12;
  await writeFile(file, JSON.stringify(golden));
  expect(await verify()).toBe(1);
  expect(said.join('\n')).toMatch(/missed +task image-classification .*: scores: largest error 1\.0e-3/);
  expect(said.join('\n')).toMatch(/missed +forward image_rgb: logits/);
});
