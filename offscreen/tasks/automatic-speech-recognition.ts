import { recognizeCtc } from './recognize-ctc.ts';
import { createRuns } from './runs.ts';
import { samplesAt } from './sound-inputs.ts';
import type { TaskRunner } from './task-runner.ts';

/** Writes down what is said. */
export const recognizeSpeech: TaskRunner<'automatic-speech-recognition'> = (model, { input, options }, events) =>
  recognizeCtc(model, (rate) => samplesAt(input, rate), options, createRuns(events));
