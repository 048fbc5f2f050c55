import { parseClassLabels } from '../processing/results/class-labels.ts';
import { detectObjects } from '../processing/results/detect-objects.ts';
import { pictureInputs } from './picture-inputs.ts';
import { createRuns } from './runs.ts';
import type { TaskRunner } from './task-runner.ts';

/** Finds objects in a picture. */
export const findObjects: TaskRunner<'object-detection'> = async (model, { input, options }, events) => {
  const graph = model.graph('vision');
  const { prepared, inputs } = pictureInputs(model, graph, input);
  const outputs = await createRuns(events).run(graph, inputs);
  const { dims, data: logits } = outputs.get('logits');
  // The last class means that there is no object.
  const { labels } = parseClassLabels(model.config, (dims.at(-1) ?? 1) - 1);
  const [size = [input.height, input.width] as const] = prepared.sizes;
  return detectObjects({ logits, boxes: outputs.get('pred_boxes').data }, labels, size, options.threshold);
};
