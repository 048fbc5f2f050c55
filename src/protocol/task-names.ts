/** What models can be used for; in a file of its own, because the script in pages needs no more of it than the names. */
export const TASK_NAMES = [
  'text-generation',
  'text2text-generation',
  'feature-extraction',
  'text-classification',
  'image-classification',
  'image-feature-extraction',
  'zero-shot-image-classification',
  'object-detection',
  'image-text-to-text',
  'automatic-speech-recognition',
  'audio-feature-extraction',
  'zero-shot-audio-classification',
  'zero-shot-video-classification',
  'tensors',
] as const;
