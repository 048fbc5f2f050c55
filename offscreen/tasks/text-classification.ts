import { parseClassLabels } from '../processing/results/class-labels.ts';
import { classify } from '../processing/results/classify.ts';
import { createRuns } from './runs.ts';
import type { TaskRunner } from './task-runner.ts';
import { tokenInputs } from './token-inputs.ts';

/** Sorts a text, or a pair of texts, into the classes of the model. */
export const classifyText: TaskRunner<'text-classification'> = async (model, { input, options }, events) => {
  const graph = model.graph('text');
  const text = typeof input === 'string' ? input : ([input.text, input.pair] as const);
  const { inputs } = tokenInputs(model, graph, [text]);
  const logits = (await createRuns(events).run(graph, inputs)).get('logits');
  return classify(logits.data, parseClassLabels(model.config, logits.data.length), options.topK);
};
