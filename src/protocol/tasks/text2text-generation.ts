import * as v from 'valibot';
import { GenerationOptions } from '../generation.ts';
import { LIMITS } from '../limits.ts';
import { Text } from '../scalars.ts';
import { defineTask } from './define-task.ts';
import { GeneratedTexts } from './results.ts';

/** Options that say how the next token is chosen, which beam search does its own way. */
const CHOOSING = ['temperature', 'topK', 'topP', 'repetitionPenalty', 'seed', 'stop'] as const;

export const text2textGeneration = defineTask({
  name: 'text2text-generation',
  doc: 'Turns a text into another: a translation, a summary, an answer, as the model was trained.',
  input: v.pipe(Text, v.minLength(1)),
  options: v.pipe(
    v.strictObject({
      ...GenerationOptions.entries,
      /** Texts that are followed at once, of which the likeliest is the answer; each of their tokens counts. */
      numBeams: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(LIMITS.beams))),
    }),
    v.check(
      (options) => (options.numBeams ?? 1) === 1 || CHOOSING.every((name) => options[name] === undefined),
      `options without ${CHOOSING.join(', ')} where there are several beams`,
    ),
  ),
  output: GeneratedTexts,
});
