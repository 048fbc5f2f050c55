import { hasHead } from '../graphs/architectures.ts';
import { emitBert } from '../graphs/bert.ts';
import type { ModelFamily } from './family.ts';

export const bert: ModelFamily = {
  modelTypes: ['bert'],
  emitterVersion: 1,
  components: { text: emitBert },
  tasks: (config) => ({
    ...(hasHead(config, 'SequenceClassification') && { 'text-classification': ['text'] }),
    'feature-extraction': ['text'],
  }),
};
