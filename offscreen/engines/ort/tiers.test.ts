import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../device/capabilities.ts';
import { planTiers } from './tiers.ts';

const gpu = { software: false, features: [], maxBufferBytes: 1, maxStorageBindingBytes: 1 };
const best: Capabilities = {
  tiers: ['webgpu', 'wasm'],
  adapter: 'acme',
  gpu,
  wasm: { simd: true, threads: true, jspi: true },
  processors: 4,
};
const withoutGpu: Capabilities = { tiers: ['wasm'], wasm: best.wasm, processors: 4 };

describe('tiers', () => {
  it('climbs down from the best', () => {
    expect(planTiers('auto', best)).toEqual({ tiers: ['jspi', 'asyncify', 'wasm'], passedOver: [] });
  });

  it.each<[string, Parameters<typeof planTiers>, string[], string[]]>([
    ['no adapter', ['auto', withoutGpu], ['wasm'], ['jspi/webgpu', 'asyncify/webgpu']],
    [
      'no promise integration',
      ['auto', { ...best, wasm: { ...best.wasm, jspi: false } }],
      ['asyncify', 'wasm'],
      ['jspi/webgpu'],
    ],
    [
      'a software adapter',
      ['auto', { ...best, gpu: { ...gpu, software: true } }],
      ['wasm'],
      ['jspi/webgpu', 'asyncify/webgpu'],
    ],
    [
      'a software adapter that was asked for',
      ['webgpu', { ...best, gpu: { ...gpu, software: true } }],
      ['jspi', 'asyncify'],
      ['wasm/cpu'],
    ],
    ['the processor asked for', ['wasm', best], ['wasm'], ['jspi/webgpu', 'asyncify/webgpu']],
    ['graphics asked for and not there', ['webgpu', withoutGpu], [], ['jspi/webgpu', 'asyncify/webgpu', 'wasm/cpu']],
    [
      'WebNN asked for',
      ['webnn-gpu', { ...best, webnn: ['cpu', 'gpu'] }],
      ['webnn-gpu'],
      ['jspi/webgpu', 'asyncify/webgpu', 'wasm/cpu'],
    ],
    [
      'WebNN asked for and not there',
      ['webnn-npu', { ...best, webnn: ['cpu', 'gpu'] }],
      [],
      ['jspi/webgpu', 'asyncify/webgpu', 'jspi/webnn-npu', 'wasm/cpu'],
    ],
    [
      'no SIMD',
      ['auto', { ...best, tiers: [], wasm: { ...best.wasm, simd: false } }],
      [],
      ['jspi/webgpu', 'asyncify/webgpu', 'wasm/cpu'],
    ],
    ['an order of its own', ['auto', best, { backends: ['wasm', 'webgpu'] }], ['wasm', 'jspi', 'asyncify'], []],
    [
      'a software adapter that a request asks for',
      ['auto', { ...best, gpu: { ...gpu, software: true } }, { backends: ['webgpu'] }],
      ['jspi', 'asyncify'],
      ['wasm/cpu'],
    ],
    [
      'a request for what the settings rule out',
      ['wasm', best, { backends: ['webgpu'] }],
      [],
      ['jspi/webgpu', 'asyncify/webgpu', 'wasm/cpu'],
    ],
    [
      'fp16 on an adapter that has it',
      ['auto', { ...best, gpu: { ...gpu, features: ['shader-f16'] } }, { precision: 'fp16' }],
      ['jspi', 'asyncify'],
      ['wasm/cpu'],
    ],
    [
      'fp16 on an adapter without',
      ['auto', best, { precision: 'fp16' }],
      [],
      ['jspi/webgpu', 'asyncify/webgpu', 'wasm/cpu'],
    ],
  ])('with %s, gives a reason for each that is passed over', (_what, asked, tiers, passedOver) => {
    const plan = planTiers(...asked);
    expect(plan.tiers).toEqual(tiers);
    expect(plan.passedOver.map(({ tier }) => tier)).toEqual(passedOver);
    for (const { reason } of plan.passedOver) expect(reason).not.toBe('');
  });
});
