import { pictureInputs } from './picture-inputs.ts';
import { createRuns } from './runs.ts';
import type { TaskRunner } from './task-runner.ts';
import { nearestLabels } from './zero-shot.ts';

/** What transformers.js puts labels into. */
const TEMPLATE = 'This is a photo of {}';

/** Which of some words fits a picture best. */
export const matchImage: TaskRunner<'zero-shot-image-classification'> = async (model, { input, options }, events) => {
  const runs = createRuns(events);
  const graph = model.graph('vision');
  const outputs = await runs.run(graph, pictureInputs(model, graph, input.image).inputs);
  const template = options.hypothesisTemplate ?? TEMPLATE;
  return nearestLabels(model, runs, outputs.get('image_embeds'), input.labels, template);
};
