import type { GenerationOptions } from '../../src/protocol/generation.ts';
import { NotNumbers } from '../processing/results/not-numbers.ts';
import { createRandom, type Random, randomSeed } from './random.ts';

/** Chooses the next token from logits [vocabulary], which it may overwrite, and remembers what was chosen. */
export type Sampler = (logits: Float32Array) => number;

/**
 * The processing order is the usual one: repetition penalty, temperature, top-k, top-p. Greedy when the temperature is 0
 * (the default) or only one candidate remains; ties go to the lowest id.
 */
export function createSampler(options: GenerationOptions, promptIds: readonly number[]): Sampler {
  const { temperature = 0, topK, topP = 1, repetitionPenalty = 1 } = options;
  const seen = new Set(promptIds);
  const random = createRandom(options.seed ?? randomSeed());
  return (logits) => {
    if (repetitionPenalty !== 1) penalize(logits, seen, repetitionPenalty);
    const token =
      temperature === 0 || topK === 1 ? argmax(logits) : draw(logits, temperature, topK ?? logits.length, topP, random);
    seen.add(token);
    return token;
  };
}

function penalize(logits: Float32Array, seen: ReadonlySet<number>, penalty: number): void {
  for (const token of seen) {
    const logit = logits[token];
    if (logit !== undefined) logits[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

export function argmax(logits: Float32Array): number {
  let best = -1;
  let largest = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < logits.length; token += 1) {
    const logit = logits[token] ?? Number.NaN;
    if (logit > largest) {
      largest = logit;
      best = token;
    }
  }
  if (best < 0) throw new NotNumbers();
  return best;
}

function draw(logits: Float32Array, temperature: number, topK: number, topP: number, random: Random): number {
  const largest = logits[argmax(logits)] ?? 0;
  const weights = new Float64Array(logits.length);
  let total = 0;
  for (let token = 0; token < logits.length; token += 1) {
    const weight = Math.exp(((logits[token] ?? 0) - largest) / temperature);
    weights[token] = Number.isNaN(weight) ? 0 : weight;
    total += weights[token] ?? 0;
  }
  if (topK >= logits.length && topP >= 1) return pick(weights, undefined, total, random);
  const kept = keepLikeliest(weights, total, topK, topP);
  return pick(weights, kept.tokens, kept.total, random);
}

/**
 * The likeliest tokens, at most `topK` of them and no more than it takes to reach the share `topP` of those (nucleus
 * sampling, Holtzman et al. 2019, arXiv:1904.09751).
 */
function keepLikeliest(weights: Float64Array, total: number, topK: number, topP: number) {
  // A token below this weight cannot be in the nucleus even if all others that are left out had it too: not sorted.
  const floor = topK < weights.length ? 0 : (total * (1 - topP)) / weights.length;
  const candidates: number[] = [];
  for (let token = 0; token < weights.length; token += 1) {
    if ((weights[token] ?? 0) >= floor) candidates.push(token);
  }
  const weightOf = (token: number) => weights[token] ?? 0;
  candidates.sort((a, b) => weightOf(b) - weightOf(a) || a - b);
  const likeliest = candidates.slice(0, topK);
  const share = topP * (topK < weights.length ? likeliest.reduce((sum, token) => sum + weightOf(token), 0) : total);
  const tokens: number[] = [];
  let reached = 0;
  for (const token of likeliest) {
    tokens.push(token);
    reached += weightOf(token);
    if (reached >= share) break;
  }
  return { tokens, total: reached };
}

function pick(weights: Float64Array, tokens: readonly number[] | undefined, total: number, random: Random): number {
  let left = random() * total;
  let last = 0;
  const count = tokens?.length ?? weights.length;
  for (let i = 0; i < count; i += 1) {
    const token = tokens ? (tokens[i] ?? 0) : i;
    const weight = weights[token] ?? 0;
    if (weight === 0) continue;
    last = token;
    left -= weight;
    if (left < 0) break;
  }
  return last;
}
