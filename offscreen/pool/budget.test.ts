import { expect, it } from 'vitest';
import { withinBudget } from './budget.ts';

it('takes no model for larger than what models may take, on either device', () => {
  const budget = { gpuBytes: 4e9, cpuBytes: 2e9 };
  expect(withinBudget({ gpuBytes: 46e9, cpuBytes: 1e9 }, budget)).toEqual({ gpuBytes: 4e9, cpuBytes: 1e9 });
  expect(withinBudget({ gpuBytes: 1, cpuBytes: 46e9 }, budget)).toEqual({ gpuBytes: 1, cpuBytes: 2e9 });
});
