import * as v from 'valibot';
import { defineTask, TopK } from './define-task.ts';
import { Picture } from './media.ts';
import { LabelScores } from './results.ts';

export const imageClassification = defineTask({
  name: 'image-classification',
  doc: 'Says what a picture shows, of the classes that the model was trained for.',
  input: Picture,
  options: v.strictObject({ topK: TopK }),
  output: LabelScores,
});
