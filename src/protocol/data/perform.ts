import { defineMethod } from '../define.ts';
import { LoadProgress } from '../generation.ts';
import { PerformParams, PerformResult } from '../tasks/tasks.ts';

export const perform = defineMethod({
  name: 'perform',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Does one task that takes one input and gives one output. Chunks report loading. Buffers are transferred where the path allows it.',
  params: PerformParams,
  result: PerformResult,
  chunk: LoadProgress,
});
