import { parseClassLabels } from '../processing/results/class-labels.ts';
import { classify } from '../processing/results/classify.ts';
import { pictureInputs } from './picture-inputs.ts';
import { createRuns } from './runs.ts';
import type { TaskRunner } from './task-runner.ts';

/** Sorts a picture into the classes of the model. */
export const classifyImage: TaskRunner<'image-classification'> = async (model, { input, options }, events) => {
  const graph = model.graph('vision');
  const { inputs } = pictureInputs(model, graph, input);
  const logits = (await createRuns(events).run(graph, inputs)).get('logits');
  return classify(logits.data, parseClassLabels(model.config, logits.data.length), options.topK);
};
