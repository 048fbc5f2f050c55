import * as v from 'valibot';
import { Text } from '../scalars.ts';
import { defineTask, TopK } from './define-task.ts';
import { LabelScores } from './results.ts';

const Words = v.pipe(Text, v.minLength(1));

export const textClassification = defineTask({
  name: 'text-classification',
  doc: 'Says what kind of text a text is, or how a pair of texts belongs together.',
  input: v.union([Words, v.strictObject({ text: Words, pair: Text })]),
  options: v.strictObject({ topK: TopK }),
  output: LabelScores,
});
