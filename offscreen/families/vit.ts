import { emitVit } from '../graphs/vit.ts';
import type { ModelFamily } from './family.ts';

export const vit: ModelFamily = {
  modelTypes: ['vit'],
  emitterVersion: 1,
  components: { vision: emitVit },
  tasks: () => ({}),
};
