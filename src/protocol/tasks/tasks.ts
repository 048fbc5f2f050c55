import * as v from 'valibot';
import { Hardware, StoredPrecision } from '../hardware.ts';
import { Backend, DurationMs, ModelName } from '../scalars.ts';
import { audioFeatureExtraction } from './audio-feature-extraction.ts';
import { automaticSpeechRecognition } from './automatic-speech-recognition.ts';
import type { TaskDefinition } from './define-task.ts';
import { featureExtraction } from './feature-extraction.ts';
import { imageClassification } from './image-classification.ts';
import { imageFeatureExtraction } from './image-feature-extraction.ts';
import { imageTextToText } from './image-text-to-text.ts';
import { objectDetection } from './object-detection.ts';
import { textClassification } from './text-classification.ts';
import { text2textGeneration } from './text2text-generation.ts';
import { zeroShotAudioClassification } from './zero-shot-audio-classification.ts';
import { zeroShotImageClassification } from './zero-shot-image-classification.ts';
import { zeroShotVideoClassification } from './zero-shot-video-classification.ts';

/** Tasks that take one input and give one output, by name. Text generation and raw tensors have messages of their own. */
export const TASKS = {
  'text2text-generation': text2textGeneration,
  'feature-extraction': featureExtraction,
  'text-classification': textClassification,
  'image-classification': imageClassification,
  'image-feature-extraction': imageFeatureExtraction,
  'zero-shot-image-classification': zeroShotImageClassification,
  'object-detection': objectDetection,
  'image-text-to-text': imageTextToText,
  'automatic-speech-recognition': automaticSpeechRecognition,
  'audio-feature-extraction': audioFeatureExtraction,
  'zero-shot-audio-classification': zeroShotAudioClassification,
  'zero-shot-video-classification': zeroShotVideoClassification,
} as const satisfies Readonly<Record<string, TaskDefinition>>;

export type PerformedTask = keyof typeof TASKS;
export type TaskInput<T extends PerformedTask> = v.InferOutput<(typeof TASKS)[T]['input']>;
export type TaskOptions<T extends PerformedTask> = v.InferOutput<(typeof TASKS)[T]['options']>;
export type TaskOutput<T extends PerformedTask> = v.InferOutput<(typeof TASKS)[T]['output']>;

const paramsOf = <N extends PerformedTask, I extends v.GenericSchema, O extends v.GenericSchema>({
  name,
  input,
  options,
}: TaskDefinition<N, I, O>) =>
  v.strictObject({
    model: ModelName,
    task: v.literal(name),
    input,
    options: v.optional(options),
    hardware: v.optional(Hardware),
  });

const resultOf = <N extends PerformedTask, R extends v.GenericSchema>({
  name,
  output,
}: TaskDefinition<N, v.GenericSchema, v.GenericSchema, R>) =>
  v.strictObject({ task: v.literal(name), output, execution: TaskExecution });

/** Where an output was computed and how long it took, waiting included. */
export const TaskExecution = v.strictObject({
  backend: Backend,
  adapter: v.optional(v.pipe(v.string(), v.maxLength(128))),
  precision: v.optional(StoredPrecision),
  streamed: v.optional(v.literal(true)),
  totalMs: DurationMs,
});

const T = TASKS;

export const PerformParams = v.variant('task', [
  paramsOf(T['text2text-generation']),
  paramsOf(T['feature-extraction']),
  paramsOf(T['text-classification']),
  paramsOf(T['image-classification']),
  paramsOf(T['image-feature-extraction']),
  paramsOf(T['zero-shot-image-classification']),
  paramsOf(T['object-detection']),
  paramsOf(T['image-text-to-text']),
  paramsOf(T['automatic-speech-recognition']),
  paramsOf(T['audio-feature-extraction']),
  paramsOf(T['zero-shot-audio-classification']),
  paramsOf(T['zero-shot-video-classification']),
]);
export type PerformParams = v.InferOutput<typeof PerformParams>;

export const PerformResult = v.variant('task', [
  resultOf(T['text2text-generation']),
  resultOf(T['feature-extraction']),
  resultOf(T['text-classification']),
  resultOf(T['image-classification']),
  resultOf(T['image-feature-extraction']),
  resultOf(T['zero-shot-image-classification']),
  resultOf(T['object-detection']),
  resultOf(T['image-text-to-text']),
  resultOf(T['automatic-speech-recognition']),
  resultOf(T['audio-feature-extraction']),
  resultOf(T['zero-shot-audio-classification']),
  resultOf(T['zero-shot-video-classification']),
]);
export type PerformResult = v.InferOutput<typeof PerformResult>;
