import { emitLlavaDecoder, emitLlavaEmbedding, emitLlavaVision } from '../graphs/llava.ts';
import type { ModelFamily } from './family.ts';

export const llava: ModelFamily = {
  modelTypes: ['llava'],
  emitterVersion: 1,
  components: { vision: emitLlavaVision, embedding: emitLlavaEmbedding, decoder: emitLlavaDecoder },
  tasks: () => ({ 'image-text-to-text': ['vision', 'embedding', 'decoder'] }),
};
