import * as v from 'valibot';
import { LIMITS } from '../limits.ts';
import { Text } from '../scalars.ts';
import { defineTask } from './define-task.ts';
import { FloatTensor } from './results.ts';

const Words = v.pipe(Text, v.minLength(1));

export const featureExtraction = defineTask({
  name: 'feature-extraction',
  doc: 'Turns texts into vectors: [texts, width] where they are pooled, [1, tokens, width] of one text where not.',
  input: v.union([Words, v.pipe(v.array(Words), v.minLength(1), v.maxLength(LIMITS.texts))]),
  options: v.strictObject({
    /** The mean over all tokens, the first token, or none, which is the default and takes one text. */
    pooling: v.optional(v.picklist(['none', 'mean', 'cls'])),
    /** Whether vectors are scaled to length 1. */
    normalize: v.optional(v.boolean()),
  }),
  output: FloatTensor,
});
