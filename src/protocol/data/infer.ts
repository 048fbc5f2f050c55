import { defineMethod } from '../define.ts';
import { GenerationResult, InferParams, LoadProgress } from '../generation.ts';

export const infer = defineMethod({
  name: 'infer',
  channel: 'data',
  from: ['page'],
  needs: 'session',
  doc: 'Runs one task to its end. Chunks report loading; without credit they are dropped, not queued.',
  params: InferParams,
  result: GenerationResult,
  chunk: LoadProgress,
});
