import { emitQwen2 } from '../graphs/qwen2.ts';
import type { ModelFamily } from './family.ts';

export const qwen2: ModelFamily = {
  modelTypes: ['qwen2'],
  emitterVersion: 2,
  components: { decoder: emitQwen2 },
  tasks: () => ({ 'text-generation': ['decoder'] }),
};
