import * as v from 'valibot';
import { defineTask } from './define-task.ts';
import { CandidateLabels, HypothesisTemplate } from './labels.ts';
import { Picture } from './media.ts';
import { LabelScores } from './results.ts';

export const zeroShotImageClassification = defineTask({
  name: 'zero-shot-image-classification',
  doc: 'Says which of the given words fits a picture best.',
  input: v.strictObject({ image: Picture, labels: CandidateLabels }),
  options: v.strictObject({ hypothesisTemplate: HypothesisTemplate }),
  output: LabelScores,
});
