import type { TaskName } from '../../protocol/scalars.ts';

/** What a task lets a site do, in a few words and in one sentence. */
export const TASK_WORDS: Readonly<Record<TaskName, { readonly title: string; readonly detail: string }>> = {
  'text-generation': { title: 'Write text', detail: 'It sends text to the model and gets text back.' },
  'text2text-generation': { title: 'Transform text', detail: 'It sends text to the model and gets another text back.' },
  'feature-extraction': {
    title: 'Compare texts',
    detail: 'It sends texts to the model and gets numbers for each back.',
  },
  'text-classification': { title: 'Sort texts', detail: 'It sends text to the model and learns what kind it is.' },
  'image-classification': {
    title: 'Sort pictures',
    detail: 'It sends a picture to the model and learns what it shows.',
  },
  'image-feature-extraction': {
    title: 'Compare pictures',
    detail: 'It sends a picture to the model and gets numbers for it back.',
  },
  'zero-shot-image-classification': {
    title: 'Match pictures with words',
    detail: 'It sends a picture and words to the model and learns which fit.',
  },
  'object-detection': {
    title: 'Find things in pictures',
    detail: 'It sends a picture to the model and learns what is where in it.',
  },
  'image-text-to-text': {
    title: 'Talk about pictures',
    detail: 'It sends pictures and text to the model and gets text back.',
  },
  'automatic-speech-recognition': {
    title: 'Write down speech',
    detail: 'It sends a sound to the model and gets what is said back.',
  },
  'audio-feature-extraction': {
    title: 'Compare sounds',
    detail: 'It sends a sound to the model and gets numbers for it back.',
  },
  'zero-shot-audio-classification': {
    title: 'Match sounds with words',
    detail: 'It sends a sound and words to the model and learns which fit.',
  },
  'zero-shot-video-classification': {
    title: 'Match videos with words',
    detail: 'It sends frames of a video and words to the model and learns which fit.',
  },
  tensors: { title: 'Run raw numbers', detail: 'It sends numbers to the model and gets numbers back.' },
};
