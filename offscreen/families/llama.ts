import { emitLlama } from '../graphs/llama.ts';
import type { ModelFamily } from './family.ts';

export const llama: ModelFamily = {
  modelTypes: ['llama'],
  emitterVersion: 1,
  emit: emitLlama,
};
