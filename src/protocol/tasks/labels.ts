import * as v from 'valibot';
import { LIMITS } from '../limits.ts';

/** Words that something is compared with. */
export const CandidateLabels = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(LIMITS.labelChars))),
  v.minLength(1),
  v.maxLength(LIMITS.labels),
);

/** The sentence that a label is put into in place of `{}`. */
export const HypothesisTemplate = v.optional(
  v.pipe(
    v.string(),
    v.maxLength(LIMITS.labelChars),
    v.check((text) => text.includes('{}'), 'a sentence with {} where the label goes'),
  ),
);
