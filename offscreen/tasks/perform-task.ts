import type { PerformedTask, TaskOutput } from '../../src/protocol/tasks/tasks.ts';
import type { PerformEvents, PerformRequest } from '../engines/engine.ts';
import { extractAudioFeatures } from './audio-feature-extraction.ts';
import { recognizeSpeech } from './automatic-speech-recognition.ts';
import { extractFeatures } from './feature-extraction.ts';
import { classifyImage } from './image-classification.ts';
import { extractImageFeatures } from './image-feature-extraction.ts';
import { talkAboutPictures } from './image-text-to-text.ts';
import { findObjects } from './object-detection.ts';
import type { TaskModel } from './task-model.ts';
import type { TaskRunner } from './task-runner.ts';
import { classifyText } from './text-classification.ts';
import { rewriteText } from './text2text-generation.ts';
import { matchAudio } from './zero-shot-audio-classification.ts';
import { matchImage } from './zero-shot-image-classification.ts';
import { matchVideo } from './zero-shot-video-classification.ts';

const RUNNERS: { readonly [T in PerformedTask]: TaskRunner<T> } = {
  'text2text-generation': rewriteText,
  'feature-extraction': extractFeatures,
  'text-classification': classifyText,
  'image-classification': classifyImage,
  'image-feature-extraction': extractImageFeatures,
  'zero-shot-image-classification': matchImage,
  'object-detection': findObjects,
  'image-text-to-text': talkAboutPictures,
  'automatic-speech-recognition': recognizeSpeech,
  'audio-feature-extraction': extractAudioFeatures,
  'zero-shot-audio-classification': matchAudio,
  'zero-shot-video-classification': matchVideo,
};

/** Does a task with a model whose components for it are loaded. */
export function performTask<T extends PerformedTask>(
  model: TaskModel,
  request: PerformRequest<T>,
  events: PerformEvents,
): Promise<TaskOutput<T>> {
  const runner: TaskRunner<T> = RUNNERS[request.task];
  return runner(model, request, events);
}
