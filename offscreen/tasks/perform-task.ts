import { WebplatError } from '../../src/protocol/errors.ts';
import type { PerformedTask, TaskOutput } from '../../src/protocol/tasks/tasks.ts';
import type { PerformEvents, PerformRequest } from '../engines/engine.ts';
import { extractAudioFeatures } from './audio-feature-extraction.ts';
import { recognizeSpeech } from './automatic-speech-recognition.ts';
import { extractFeatures } from './feature-extraction.ts';
import { classifyImage } from './image-classification.ts';
import { extractImageFeatures } from './image-feature-extraction.ts';
import { findObjects } from './object-detection.ts';
import type { TaskModel } from './task-model.ts';
import type { TaskRunner } from './task-runner.ts';
import { classifyText } from './text-classification.ts';
import { matchAudio } from './zero-shot-audio-classification.ts';
import { matchImage } from './zero-shot-image-classification.ts';
import { matchVideo } from './zero-shot-video-classification.ts';

const RUNNERS: { readonly [T in PerformedTask]?: TaskRunner<T> } = {
  'feature-extraction': extractFeatures,
  'text-classification': classifyText,
  'image-classification': classifyImage,
  'image-feature-extraction': extractImageFeatures,
  'zero-shot-image-classification': matchImage,
  'object-detection': findObjects,
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
  const runner = RUNNERS[request.task] as TaskRunner<T> | undefined;
  if (runner) return runner(model, request, events);
  throw new WebplatError('model-unsupported', undefined, { reason: `${request.task} is not done here.` });
}
