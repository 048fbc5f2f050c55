import { createRuns } from './runs.ts';
import { samplesAt, soundInputsFor } from './sound-inputs.ts';
import type { TaskRunner } from './task-runner.ts';

/** The vector of a sound that texts are compared with, of length 1; of models that compare nothing, the last states. */
export const extractAudioFeatures: TaskRunner<'audio-feature-extraction'> = async (model, { input }, events) => {
  const graph = model.graph('audio');
  const { rate, prepare } = soundInputsFor(model, graph);
  const outputs = await createRuns(events).run(graph, prepare(samplesAt(input, rate)));
  const { dims, data } = outputs.first('audio_embeds') ?? outputs.get('last_hidden_state');
  return { dtype: 'float32', dims: [...dims], data: data.buffer };
};
