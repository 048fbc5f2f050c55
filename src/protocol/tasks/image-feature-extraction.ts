import * as v from 'valibot';
import { defineTask } from './define-task.ts';
import { Picture } from './media.ts';
import { FloatTensor } from './results.ts';

export const imageFeatureExtraction = defineTask({
  name: 'image-feature-extraction',
  doc: 'Turns a picture into numbers: the vector that the model compares with texts, or its last states.',
  input: Picture,
  options: v.strictObject({}),
  output: FloatTensor,
});
