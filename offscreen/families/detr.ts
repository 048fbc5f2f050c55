import { emitDetr } from '../graphs/detr.ts';
import type { ModelFamily } from './family.ts';

export const detr: ModelFamily = {
  modelTypes: ['detr'],
  emitterVersion: 1,
  components: { vision: emitDetr },
  tasks: () => ({ 'object-detection': ['vision'] }),
};
