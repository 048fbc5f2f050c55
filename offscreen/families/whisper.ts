import { emitWhisperCross, emitWhisperDecoder, emitWhisperEncoder } from '../graphs/whisper.ts';
import type { ModelFamily } from './family.ts';

export const whisper: ModelFamily = {
  modelTypes: ['whisper'],
  emitterVersion: 1,
  components: { encoder: emitWhisperEncoder, cross: emitWhisperCross, decoder: emitWhisperDecoder },
  tasks: () => ({ 'automatic-speech-recognition': ['encoder', 'cross', 'decoder'] }),
};
