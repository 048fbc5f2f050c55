import { hasHead } from '../graphs/architectures.ts';
import { emitWav2Vec2 } from '../graphs/wav2vec2.ts';
import type { ModelFamily } from './family.ts';

export const wav2vec2: ModelFamily = {
  modelTypes: ['wav2vec2'],
  emitterVersion: 1,
  components: { audio: emitWav2Vec2 },
  tasks: (config) => ({
    ...(hasHead(config, 'CTC') && { 'automatic-speech-recognition': ['audio'] }),
    'audio-feature-extraction': ['audio'],
  }),
};
