import { emitClipText, emitClipVision } from '../graphs/clip.ts';
import type { ModelFamily } from './family.ts';

export const clip: ModelFamily = {
  modelTypes: ['clip'],
  emitterVersion: 1,
  components: { text: emitClipText, vision: emitClipVision },
  tasks: () => ({
    'zero-shot-image-classification': ['text', 'vision'],
    'image-feature-extraction': ['vision'],
    'feature-extraction': ['text'],
  }),
};
