import * as v from 'valibot';
import { defineTask } from './define-task.ts';
import { Sound } from './media.ts';
import { FloatTensor } from './results.ts';

export const audioFeatureExtraction = defineTask({
  name: 'audio-feature-extraction',
  doc: 'Turns a sound into numbers: the vector that the model compares with texts, or its last states.',
  input: Sound,
  options: v.strictObject({}),
  output: FloatTensor,
});
