import * as v from 'valibot';
import { defineTask } from './define-task.ts';
import { CandidateLabels, HypothesisTemplate } from './labels.ts';
import { Sound } from './media.ts';
import { LabelScores } from './results.ts';

export const zeroShotAudioClassification = defineTask({
  name: 'zero-shot-audio-classification',
  doc: 'Says which of the given words fits a sound best.',
  input: v.strictObject({ audio: Sound, labels: CandidateLabels }),
  options: v.strictObject({ hypothesisTemplate: HypothesisTemplate }),
  output: LabelScores,
});
