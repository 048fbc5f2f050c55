import { emitXClipPrompts, emitXClipText, emitXClipVideo } from '../graphs/x-clip.ts';
import type { ModelFamily } from './family.ts';

export const xClip: ModelFamily = {
  modelTypes: ['xclip'],
  emitterVersion: 1,
  components: { text: emitXClipText, video: emitXClipVideo, prompts: emitXClipPrompts },
  tasks: () => ({ 'zero-shot-video-classification': ['text', 'video', 'prompts'] }),
};
