import { recognizeCtc } from './recognize-ctc.ts';
import { recognizeWhisper } from './recognize-whisper.ts';
import { createRuns } from './runs.ts';
import { samplesAt } from './sound-inputs.ts';
import type { TaskRunner } from './task-runner.ts';

/** Writes down what is said: with a model that writes about what it heard, or one that says a character for each moment. */
export const recognizeSpeech: TaskRunner<'automatic-speech-recognition'> = (model, request, events) => {
  const runs = createRuns(events);
  const samples = (rate: number) => samplesAt(request.input, rate);
  return model.has('encoder')
    ? recognizeWhisper(model, samples, request, runs, events)
    : recognizeCtc(model, samples, request.options, runs);
};
