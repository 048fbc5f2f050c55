import type { WhisperTokens } from './whisper-tokens.ts';

/** Forbids tokens: sets their logits [vocabulary] to minus infinity, given the tokens that followed the prompt. */
export type LogitRules = (logits: Float32Array, generated: readonly number[]) => void;

const FORBIDDEN = Number.NEGATIVE_INFINITY;

/**
 * What Whisper may say next (`ApplyTimestampRules` and `SuppressTokens` of https://github.com/openai/whisper, `decoding.py`). Without
 * timestamps only the suppressed tokens are forbidden. With them, the text begins with one that is not too late; they come in
 * pairs, an end and a start, except the first and the last one; none is earlier than one before it; and one has to come when
 * all of them together are likelier than every other token.
 */
export function createWhisperRules(tokens: WhisperTokens, timestamps: boolean): LogitRules {
  const { suppressed, suppressedFirst } = tokens;
  return (logits, generated) => {
    for (const id of suppressed) forbid(logits, id, id + 1);
    if (generated.length === 0) for (const id of suppressedFirst) forbid(logits, id, id + 1);
    if (timestamps) applyTimestampRules(tokens, logits, generated);
  };
}

function applyTimestampRules(tokens: WhisperTokens, logits: Float32Array, generated: readonly number[]): void {
  const { noTimestampsId, firstTimestampId: first, endId, latestFirstTimestamp } = tokens;
  const isTimestamp = (id: number | undefined) => id !== undefined && id >= first;
  forbid(logits, noTimestampsId, noTimestampsId + 1);

  const closed = generated.length < 2 || isTimestamp(generated.at(-2));
  if (isTimestamp(generated.at(-1))) {
    // After a pair comes text; after an end comes a start, or nothing.
    if (closed) forbid(logits, first, logits.length);
    else forbid(logits, 0, endId);
  }

  const last = generated.findLast(isTimestamp);
  if (last !== undefined) {
    // The start of a piece may be the end of the one before it; its end is later.
    const maySame = isTimestamp(generated.at(-1)) && !closed;
    forbid(logits, first, maySame ? last : last + 1);
  }
  if (generated.length === 0) {
    forbid(logits, 0, first);
    if (latestFirstTimestamp !== undefined) forbid(logits, first + latestFirstTimestamp + 1, logits.length);
  }
  if (timestampsAreLikelier(logits, first)) forbid(logits, 0, first);
}

/** Whether the probabilities of all timestamps together exceed that of every other token. */
function timestampsAreLikelier(logits: Float32Array, first: number): boolean {
  const [others, timestamps] = [logits.subarray(0, first), logits.subarray(first)];
  const [mostOther, mostTimestamp] = [largest(others), largest(timestamps)];
  if (mostTimestamp === FORBIDDEN) return false;
  let sum = 0;
  for (const logit of timestamps) sum += Math.exp(logit - mostTimestamp);
  return mostTimestamp + Math.log(sum) > mostOther;
}

function largest(logits: Float32Array): number {
  let most = FORBIDDEN;
  for (const logit of logits) if (logit > most) most = logit;
  return most;
}

function forbid(logits: Float32Array, from: number, to: number): void {
  logits.fill(FORBIDDEN, Math.min(from, logits.length), Math.max(0, to));
}
