import { emitT5Cross, emitT5Decoder, emitT5Encoder } from '../graphs/t5.ts';
import type { ModelFamily } from './family.ts';

export const t5: ModelFamily = {
  modelTypes: ['t5'],
  emitterVersion: 1,
  components: { encoder: emitT5Encoder, cross: emitT5Cross, decoder: emitT5Decoder },
  tasks: () => ({ 'text2text-generation': ['encoder', 'cross', 'decoder'] }),
};
