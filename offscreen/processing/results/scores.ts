import { WebplatError } from '../../../src/protocol/errors.ts';
import { NotNumbers } from './not-numbers.ts';

/** A class and how sure the model is of it. */
export interface LabelScore {
  readonly label: string;
  /** Between 0 and 1, but for models that give other numbers than probabilities. */
  readonly score: number;
}

/** @throws WebplatError `engine-failed` when one of the numbers is none */
function checkNumbers(logits: Float32Array): void {
  if (logits.some(Number.isNaN)) throw new NotNumbers();
}

/**
 * Probabilities of classes of which one applies: exp(x) / sum of exp(x), moved so that nothing overflows.
 *
 * @throws WebplatError `engine-failed` when logits are no numbers
 */
export function softmax(logits: Float32Array): Float64Array {
  checkNumbers(logits);
  const largest = logits.reduce((max, logit) => Math.max(max, logit), Number.NEGATIVE_INFINITY);
  // Logits that are all infinite have no differences; those that are largest share what there is.
  const weights = Float64Array.from(logits, (logit) => (logit === largest ? 1 : Math.exp(logit - largest)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * Probabilities of classes each of which applies or does not: 1 / (1 + exp(-x)).
 *
 * @throws WebplatError `engine-failed` when logits are no numbers
 */
export function sigmoid(logits: Float32Array): Float64Array {
  checkNumbers(logits);
  return Float64Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
}

/** Logits as they are, for models whose numbers are the answer. @throws WebplatError `engine-failed` when they are no numbers */
export function unchanged(logits: Float32Array): Float64Array {
  checkNumbers(logits);
  return Float64Array.from(logits);
}

/** The best classes, the best first; of equals, the first. @throws WebplatError `invalid-request` when `count` is not above 0 */
export function bestOf(scores: Float64Array, labels: readonly string[], count = scores.length): LabelScore[] {
  if (scores.length !== labels.length) throw new RangeError(`${scores.length} scores are not ${labels.length} labels.`);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new WebplatError('invalid-request', 'topK must be a whole number above 0.', { field: 'topK' });
  }
  return Array.from(scores, (score, i) => ({ label: labels[i] ?? '', score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, count);
}
