import { emitLlama } from '../graphs/llama.ts';
import type { ModelFamily } from './family.ts';

export const llama: ModelFamily = {
  modelTypes: ['llama', 'mistral'],
  emitterVersion: 3,
  components: { decoder: emitLlama },
  tasks: () => ({ 'text-generation': ['decoder'] }),
};
