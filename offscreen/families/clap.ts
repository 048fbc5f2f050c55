import { emitClapAudio, emitClapText } from '../graphs/clap.ts';
import type { ModelFamily } from './family.ts';

export const clap: ModelFamily = {
  modelTypes: ['clap'],
  emitterVersion: 1,
  components: { text: emitClapText, audio: emitClapAudio },
  tasks: () => ({
    'zero-shot-audio-classification': ['text', 'audio'],
    'audio-feature-extraction': ['audio'],
    'feature-extraction': ['text'],
  }),
};
