import type { TaskOptions } from '../../src/protocol/tasks/tasks.ts';
import type { PerformRequest } from '../engines/engine.ts';
import { classifyByTexts } from '../processing/results/classify.ts';
import type { LabelScore } from '../processing/results/scores.ts';
import { pictureInputs } from './picture-inputs.ts';
import { createRuns, type Runs } from './runs.ts';
import type { TaskModel } from './task-model.ts';
import type { TaskRunner } from './task-runner.ts';
import { tokenInputs } from './token-inputs.ts';
import { nearestLabels, sentencesOf } from './zero-shot.ts';

/** What transformers.js puts labels into. */
const TEMPLATE = 'This is a photo of {}';

/** Which of some words fits a picture best. */
export const matchImage: TaskRunner<'zero-shot-image-classification'> = async (model, { input, options }, events) => {
  const runs = createRuns(events);
  if (model.has('joint')) return matchInOneGraph(model, input, options, runs);
  const graph = model.graph('vision');
  const outputs = await runs.run(graph, pictureInputs(model, graph, input.image).inputs);
  const template = options.hypothesisTemplate ?? TEMPLATE;
  return nearestLabels(model, runs, outputs.get('image_embeds'), input.labels, template);
};

/** Both towers and their product in one graph, as others export such models. */
async function matchInOneGraph(
  model: TaskModel,
  { image, labels }: PerformRequest<'zero-shot-image-classification'>['input'],
  { hypothesisTemplate = TEMPLATE }: TaskOptions<'zero-shot-image-classification'>,
  runs: Runs,
): Promise<LabelScore[]> {
  const graph = model.graph('joint');
  const { inputs: texts } = tokenInputs(model, graph, sentencesOf(labels, hypothesisTemplate));
  const { inputs: pixels } = pictureInputs(model, graph, image);
  const outputs = await runs.run(graph, { ...texts, ...pixels });
  return classifyByTexts(outputs.get('logits_per_image').data, labels);
}
