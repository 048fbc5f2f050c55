import type { Samples } from '../../src/protocol/tasks/media.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import { createClapFeatures } from '../processing/audio/clap-features.ts';
import { modelSamples } from '../processing/audio/sound.ts';
import { createWav2Vec2Values } from '../processing/audio/wav2vec2-values.ts';
import type { Graph } from './graph.ts';
import type { TaskModel } from './task-model.ts';

/** The samples of a site's sound, mixed down, at the rate that a model wants. */
export const samplesAt = ({ rate, channels }: Samples, wanted: number): Float32Array<ArrayBuffer> =>
  modelSamples({ rate, channels: channels.map((channel) => new Float32Array(channel)) }, wanted);

/** What a graph that hears samples or spectra is given. */
export interface SoundInputs {
  /** Hz. */
  readonly rate: number;
  /** Inputs for samples at that rate. */
  prepare(samples: Float32Array): TensorMap;
}

/** How `graph` wants sounds: as samples, or as levels in mel bands, by the name of its input. */
export function soundInputsFor(model: Pick<TaskModel, 'file'>, graph: Pick<Graph, 'inputs'>): SoundInputs {
  const config = model.file('preprocessor_config.json');
  const has = (name: string) => graph.inputs.some((input) => input.name === name);
  if (has('input_values')) {
    const { rate, prepare } = createWav2Vec2Values(config);
    return {
      rate,
      prepare(samples) {
        const { dims, data, attentionMask } = prepare([samples]);
        const inputs: TensorMap = { input_values: { dtype: 'float32', dims: [...dims], data: data.buffer } };
        if (has('attention_mask')) {
          const mask = attentionMask ?? new BigInt64Array(data.length).fill(1n);
          inputs.attention_mask = { dtype: 'int64', dims: [...dims], data: mask.buffer };
        }
        return inputs;
      },
    };
  }
  const { rate, extract } = createClapFeatures(config);
  return {
    rate,
    prepare(samples) {
      const { dims, data } = extract([samples]);
      return { input_features: { dtype: 'float32', dims: [...dims], data: data.buffer } };
    },
  };
}
