import { emitLlama } from '../graphs/llama.ts';
import type { ModelFamily } from './family.ts';

export const llama: ModelFamily = {
  modelTypes: ['llama', 'mistral'],
  emitterVersion: 2,
  emit: (config, params, storage) => emitLlama(config, params, storage),
};
