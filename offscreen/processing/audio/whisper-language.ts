import { unsupported } from '../../graphs/config-fields.ts';
import { NotNumbers } from '../results/not-numbers.ts';
import type { WhisperTokens } from './whisper-tokens.ts';

export interface LanguageGuess {
  /** Code of a language, such as `en`. */
  readonly language: string;
  /** Of all languages that the model knows, which share 1. */
  readonly probability: number;
}

/**
 * Which language is spoken, the likeliest first, from the logits [vocabulary] that the decoder gives for the start token alone
 * (Radford et al. 2022, arXiv:2212.04356, section 2.3).
 *
 * @throws WebplatError `model-unsupported` when the model knows English alone, `engine-failed`
 */
export function guessLanguage(logits: Float32Array, { languages }: WhisperTokens): LanguageGuess[] {
  if (languages.size === 0) throw unsupported('The model knows English alone.');
  const scores = Array.from(languages, ([language, id]) => ({ language, logit: logits[id] ?? Number.NaN }));
  const most = scores.reduce((largest, { logit }) => Math.max(largest, logit), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(most)) throw new NotNumbers();
  const weights = scores.map(({ language, logit }) => ({ language, weight: Math.exp(logit - most) }));
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  return weights
    .map(({ language, weight }) => ({ language, probability: weight / total }))
    .sort((a, b) => b.probability - a.probability);
}
