import type { ClassLabels } from './class-labels.ts';
import { bestOf, type LabelScore, sigmoid, softmax, unchanged } from './scores.ts';

const SCORES = { single: softmax, multiple: sigmoid, regression: unchanged };

/**
 * The likeliest classes of an image or a text.
 *
 * @param logits [classes]
 * @throws WebplatError `invalid-request` when `topK` is not above 0, `engine-failed` when logits are no numbers
 */
export function classify(logits: Float32Array, { labels, problem }: ClassLabels, topK?: number): LabelScore[] {
  return bestOf(SCORES[problem](logits), labels, topK);
}

/**
 * Which of some texts fits an image or a video, all of them, the best first (Radford et al. 2021, arXiv:2103.00020, section 3.1).
 *
 * @param logits of one image with each text, [labels]
 * @throws WebplatError `engine-failed` when logits are no numbers
 */
export const classifyByTexts = (logits: Float32Array, labels: readonly string[]): LabelScore[] =>
  bestOf(softmax(logits), labels);
