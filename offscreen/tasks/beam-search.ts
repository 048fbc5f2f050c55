import { WebplatError } from '../../src/protocol/errors.ts';
import type { Decoder, DecoderSequence, EncoderStates } from './decoder.ts';
import { sumCompute } from './encode-decode.ts';
import type { GraphEvents } from './graph.ts';

export interface BeamOptions {
  readonly maxNewTokens: number;
  /** Texts that are followed at once; the decoder holds a sequence for each. */
  readonly beams: number;
  /** Tokens that end a text. */
  readonly endIds: ReadonlySet<number>;
  /** A text's score is the sum of its log-probabilities by its length to this power. */
  readonly lengthPenalty?: number;
  /** Ends the search with as many texts as there are beams, though another might yet become better. */
  readonly earlyStopping?: boolean;
}

export interface BeamEvents extends GraphEvents {
  /** Counts tokens of all beams as they come. */
  onTokens?(count: number): void;
}

export interface BeamResult {
  /** New tokens, one that ended the text not among them. */
  readonly tokens: readonly number[];
  readonly score: number;
}

/** A text that may go on: its new tokens, and the sum of their log-probabilities. */
interface Beam {
  readonly tokens: readonly number[];
  readonly sum: number;
}

interface Candidate {
  /** Number of the beam that it goes on from. */
  readonly parent: number;
  readonly token: number;
  readonly sum: number;
}

/**
 * The likeliest text that beam search finds after `prompt` (as BeamSearchScorer of transformers 4.47 does): all beams go on by
 * one token, the best of all continuations are the next beams, and those that end are kept.
 *
 * @throws WebplatError `invalid-request` for more beams than the decoder holds sequences, `context-overflow` for a prompt that
 * leaves no room for a token
 */
export async function beamSearch(
  decoder: Decoder,
  { prompt, about }: { readonly prompt: readonly number[]; readonly about?: EncoderStates | undefined },
  options: BeamOptions,
  events: BeamEvents,
): Promise<BeamResult> {
  const sequences = await decoder.openAll(options.beams, about);
  try {
    return await search([...sequences], decoder.shape.contextTokens, prompt, options, events);
  } finally {
    for (const sequence of sequences) sequence.close();
  }
}

async function search(
  sequences: readonly DecoderSequence[],
  contextTokens: number,
  prompt: readonly number[],
  options: BeamOptions,
  events: BeamEvents,
): Promise<BeamResult> {
  const { beams: count, endIds, lengthPenalty = 1 } = options;
  const { add } = sumCompute(events);
  const most = Math.min(options.maxNewTokens, contextTokens - prompt.length);
  if (most < 1)
    throw new WebplatError('context-overflow', undefined, { requested: prompt.length, quota: contextTokens - 1 });
  const ended = createEnded(options);
  const after = async (sequence: DecoderSequence, tokens: readonly number[]) => {
    events.signal.throwIfAborted();
    const { logits, computeMs } = await sequence.advance(tokens);
    add(computeMs);
    return logProbabilities(logits);
  };
  const [first] = sequences;
  if (!first) throw new RangeError('A search has a beam.');
  let order = sequences;
  let beams: readonly Beam[] = [{ tokens: [], sum: 0 }];
  let rows = [await after(first, prompt)];
  for (let length = 1; length <= most; length += 1) {
    // Twice as many: as many as there are beams may end.
    const candidates = bestCandidates(beams, rows, 2 * count);
    const next: Candidate[] = [];
    for (const [rank, candidate] of candidates.entries()) {
      if (!endIds.has(candidate.token)) next.push(candidate);
      else if (rank < count) ended.add(beams[candidate.parent]?.tokens ?? [], candidate.sum / length ** lengthPenalty);
      if (next.length === count) break;
    }
    events.onTokens?.(next.length);
    order = reorder(order, next);
    beams = next.map(({ parent, token, sum }) => ({ tokens: [...(beams[parent]?.tokens ?? []), token], sum }));
    const best = candidates[0]?.sum ?? Number.NEGATIVE_INFINITY;
    if (ended.enough(best / length ** lengthPenalty)) return ended.best();
    if (length === most) break;
    rows = [];
    for (const [at, { token }] of next.entries()) {
      const sequence = order[at];
      if (sequence) rows.push(await after(sequence, [token]));
    }
  }
  for (const { tokens, sum } of beams) ended.add(tokens, sum / tokens.length ** lengthPenalty);
  return ended.best();
}

/** The best texts that ended, as many as there are beams. */
function createEnded({ beams, earlyStopping = false }: BeamOptions) {
  const texts: BeamResult[] = [];
  return {
    add(tokens: readonly number[], score: number): void {
      texts.push({ tokens, score });
      texts.sort((a, b) => b.score - a.score);
      texts.length = Math.min(texts.length, beams);
    },
    /** Whether no text that goes on can be better, the likeliest of which would have score `attainable` now. */
    enough: (attainable: number): boolean =>
      texts.length >= beams && (earlyStopping || (texts.at(-1)?.score ?? attainable) >= attainable),
    best: (): BeamResult => texts[0] ?? { tokens: [], score: Number.NEGATIVE_INFINITY },
  };
}

/** The `count` best continuations of all beams, best first; of equals those of earlier beams and tokens. */
function bestCandidates(beams: readonly Beam[], rows: readonly Float64Array[], count: number): Candidate[] {
  const best: Candidate[] = [];
  for (const [parent, { sum: before }] of beams.entries()) {
    for (const [token, probability] of (rows[parent] ?? []).entries()) {
      const sum = before + probability;
      if (best.length === count && sum <= (best.at(-1)?.sum ?? 0)) continue;
      const place = best.findIndex((other) => other.sum < sum);
      best.splice(place < 0 ? best.length : place, 0, { parent, token, sum });
      best.length = Math.min(best.length, count);
    }
  }
  return best;
}

/**
 * Gives each next beam a sequence that has read what its parent has: the first child of a beam keeps that of its parent, others
 * get copies in those that no beam goes on with. What is left over comes last.
 */
function reorder(sequences: readonly DecoderSequence[], next: readonly Candidate[]): readonly DecoderSequence[] {
  const kept = new Set(next.map(({ parent }) => parent));
  const free = sequences.filter((_, at) => !kept.has(at));
  const given = next.map(({ parent }) => {
    const own = sequences[parent];
    if (own && kept.delete(parent)) return own;
    const copy = free.pop();
    if (!own || !copy) throw new RangeError('There is a sequence for each beam.');
    copy.copyFrom(own);
    return copy;
  });
  return [...given, ...free];
}

/** Logarithms of the probabilities that logits [vocabulary] stand for. */
function logProbabilities(logits: Float32Array): Float64Array {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  const offset = largest + Math.log(total);
  return Float64Array.from(logits, (logit) => logit - offset);
}
