import { pictureInputs } from './picture-inputs.ts';
import { createRuns } from './runs.ts';
import type { TaskRunner } from './task-runner.ts';

/** The vector of a picture that texts are compared with, of length 1; of models that compare nothing, the last states. */
export const extractImageFeatures: TaskRunner<'image-feature-extraction'> = async (model, { input }, events) => {
  const graph = model.graph('vision');
  const { inputs } = pictureInputs(model, graph, input);
  const outputs = await createRuns(events).run(graph, inputs);
  const { dims, data } = outputs.first('image_embeds') ?? outputs.get('last_hidden_state');
  return { dtype: 'float32', dims: [...dims], data: data.buffer };
};
