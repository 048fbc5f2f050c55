import { emitLlavaNextDecoder, emitLlavaNextEmbedding, emitLlavaNextVision } from '../graphs/llava-next.ts';
import type { ModelFamily } from './family.ts';

export const llavaNext: ModelFamily = {
  modelTypes: ['llava_next'],
  emitterVersion: 1,
  components: { vision: emitLlavaNextVision, embedding: emitLlavaNextEmbedding, decoder: emitLlavaNextDecoder },
  tasks: () => ({ 'image-text-to-text': ['vision', 'embedding', 'decoder'] }),
};
