import * as v from 'valibot';
import { GenerationOptions } from '../generation.ts';
import { Text } from '../scalars.ts';
import { defineTask } from './define-task.ts';
import { GeneratedTexts } from './results.ts';

export const text2textGeneration = defineTask({
  name: 'text2text-generation',
  doc: 'Turns a text into another: a translation, a summary, an answer, as the model was trained.',
  input: v.pipe(Text, v.minLength(1)),
  options: GenerationOptions,
  output: GeneratedTexts,
});
