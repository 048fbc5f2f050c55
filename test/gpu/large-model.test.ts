import { expect, it } from 'vitest';
import { ensureBuild } from '../support/build.ts';
import { MISTRAL_7B } from '../support/hub/generated.ts';
import { measureLargeLoad } from '../support/large-load.ts';

/** Two of 32 layers, at their full width; `npm run bench -- load-7b` has them all. */
const SHAPE = { ...MISTRAL_7B, layers: 2, shards: 1 };
/** Leads to 4-bit weights and 8-bit caches, as the default budget does with all layers. */
const GPU_BUDGET_BYTES = 500e6;

it('loads layers of a 7B checkpoint in little more memory than their 4-bit weights take', async () => {
  const load = await measureLargeLoad({
    extension: await ensureBuild('dist'),
    shape: SHAPE,
    gpuBudgetBytes: GPU_BUDGET_BYTES,
    maxNewTokens: 2,
    adapter: 'software',
  });
  expect(load).toMatchObject({ tokens: 2, contextTokens: 4096, backend: 'REAL_WEBGPU' });
  expect(load.checkpointBytes).toBeGreaterThan(1.39e9);
  // 4 bits and a float32 scale for 128 of them, of bfloat16.
  expect(load.quantizedBytes / load.checkpointBytes).toBeLessThan(0.27);
  expect(load.gpuBytes).toBeGreaterThan(load.quantizedBytes);
  expect(load.gpuBytes).toBeLessThan(GPU_BUDGET_BYTES);
  expect(load.heapBytes + load.wasmBytes).toBeLessThan(450e6);
  expect(load.peakBytes - load.quantizedBytes).toBeLessThan(220e6);
}, 600_000);
