import { emitBert } from '../graphs/bert.ts';
import type { ModelFamily } from './family.ts';

export const bert: ModelFamily = {
  modelTypes: ['bert'],
  emitterVersion: 1,
  components: { text: emitBert },
  tasks: () => ({}),
};
