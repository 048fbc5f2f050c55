import { emitQwen3 } from '../graphs/qwen3.ts';
import type { ModelFamily } from './family.ts';

export const qwen3: ModelFamily = {
  modelTypes: ['qwen3'],
  emitterVersion: 2,
  components: { decoder: emitQwen3 },
  tasks: () => ({ 'text-generation': ['decoder'] }),
};
