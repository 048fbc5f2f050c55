import { hasHead } from '../graphs/architectures.ts';
import { emitVit } from '../graphs/vit.ts';
import type { ModelFamily } from './family.ts';

export const vit: ModelFamily = {
  modelTypes: ['vit'],
  emitterVersion: 1,
  components: { vision: emitVit },
  tasks: (config) => ({
    ...(hasHead(config, 'ImageClassification') && { 'image-classification': ['vision'] }),
    'image-feature-extraction': ['vision'],
  }),
};
