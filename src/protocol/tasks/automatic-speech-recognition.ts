import * as v from 'valibot';
import { LIMITS } from '../limits.ts';
import { defineTask } from './define-task.ts';
import { Sound } from './media.ts';
import { Transcript } from './results.ts';

export const automaticSpeechRecognition = defineTask({
  name: 'automatic-speech-recognition',
  doc: 'Writes down what is said in a sound of any length.',
  input: Sound,
  options: v.strictObject({
    /** The language spoken, e.g. `en`; found out by the model, if left out. */
    language: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z]{2,24}$/))),
    /** `translate` writes English whatever is spoken, where the model can. */
    task: v.optional(v.picklist(['transcribe', 'translate'])),
    /** `true` for the times of passages, `word` for those of words. */
    returnTimestamps: v.optional(v.union([v.boolean(), v.literal('word')])),
    /** New tokens for each 30 seconds. */
    maxNewTokens: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(LIMITS.newTokens))),
  }),
  output: Transcript,
});
