import { createRuns } from './runs.ts';
import { samplesAt, soundInputsFor } from './sound-inputs.ts';
import type { TaskRunner } from './task-runner.ts';
import { nearestLabels } from './zero-shot.ts';

/** What transformers.js puts labels into. */
const TEMPLATE = 'This is a sound of {}.';

/** Which of some words fits a sound best. */
export const matchAudio: TaskRunner<'zero-shot-audio-classification'> = async (model, { input, options }, events) => {
  const runs = createRuns(events);
  const graph = model.graph('audio');
  const { rate, prepare } = soundInputsFor(model, graph);
  const outputs = await runs.run(graph, prepare(samplesAt(input.audio, rate)));
  const template = options.hypothesisTemplate ?? TEMPLATE;
  return nearestLabels(model, runs, outputs.get('audio_embeds'), input.labels, template);
};
