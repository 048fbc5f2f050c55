import * as v from 'valibot';
import { defineTask } from './define-task.ts';
import { CandidateLabels, HypothesisTemplate } from './labels.ts';
import { Video } from './media.ts';
import { LabelScores } from './results.ts';

export const zeroShotVideoClassification = defineTask({
  name: 'zero-shot-video-classification',
  doc: 'Says which of the given words fits a video best.',
  input: v.strictObject({ video: Video, labels: CandidateLabels }),
  options: v.strictObject({ hypothesisTemplate: HypothesisTemplate }),
  output: LabelScores,
});
