import { expect, it } from 'vitest';
import { memoryVerdict } from './memory-verdict.ts';

const hardware = {
  family: 'llama',
  parameters: 70e9,
  components: ['decoder'],
  precisions: [
    { precision: 'fp32', bytes: 280e9 },
    { precision: 'q4', bytes: 37e9 },
  ],
  recommended: { precision: 'q4', backends: ['webgpu'] },
} as const;
const card = {
  hardware: {
    ...hardware,
    components: [...hardware.components],
    precisions: [...hardware.precisions],
    recommended: { precision: 'q4', backends: ['webgpu' as const] },
  },
} as Parameters<typeof memoryVerdict>[0];

it('names what a model takes at the least, and the size that would fit', () => {
  expect(memoryVerdict(card, { gpuBudgetBytes: 4.3e9, cpuBudgetBytes: 2e9 })).toEqual({
    fits: 'no',
    reason:
      'It takes 37.0 GB of memory even with q4 weights, which is more than models may take here. ' +
      'A model of the same kind with at most about 8 billion parameters would fit.',
  });
});

it('has nothing against what fits on either device, or of which nothing is known', () => {
  expect(memoryVerdict(card, { gpuBudgetBytes: 1e9, cpuBudgetBytes: 40e9 })).toEqual({ fits: 'whole' });
  expect(memoryVerdict({}, { gpuBudgetBytes: 1, cpuBudgetBytes: 1 })).toEqual({ fits: 'whole' });
});

it('lets layers be read from disk where so many as have to be there fit', () => {
  const streamed = { hardware: { ...card.hardware, streamedBytes: 2e9 } } as typeof card;
  expect(memoryVerdict(streamed, { gpuBudgetBytes: 4.3e9, cpuBudgetBytes: 2e9 })).toEqual({ fits: 'streamed' });
  expect(memoryVerdict(streamed, { gpuBudgetBytes: 1e9, cpuBudgetBytes: 1e9 })).toMatchObject({ fits: 'no' });
});
