import { TIMESTAMP_SECONDS, type WhisperTokens } from './whisper-tokens.ts';

/** A piece of a recording and what was said in it; times are in seconds from the beginning of the recording. */
export interface WhisperSegment {
  readonly start: number;
  readonly end: number;
  /** Its tokens, timestamps included. */
  readonly ids: readonly number[];
}

export interface WindowOutcome {
  readonly segments: readonly WhisperSegment[];
  /** Seconds after the beginning of the window from which to go on. */
  readonly advance: number;
}

/**
 * Cuts what was said about one window into segments, at pairs of timestamps, and finds where the next window begins (Radford et
 * al. 2022, arXiv:2212.04356, section 3.8). What follows the last pair is not finished: the next window begins at that pair and
 * hears it again. With a single timestamp at the end, or none to cut at, the next window follows this one.
 *
 * @param generated ids after the prompt, as far as they were generated
 * @param windowStart seconds from the beginning of the recording
 * @param windowSeconds length of the window, as far as there is sound in it
 */
export function segmentsOf(
  generated: readonly number[],
  { firstTimestampId: first, endId }: WhisperTokens,
  windowStart: number,
  windowSeconds: number,
): WindowOutcome {
  const end = generated.indexOf(endId);
  const ids = end < 0 ? generated : generated.slice(0, end);
  const isTimestamp = (id: number | undefined) => id !== undefined && id >= first;
  const secondsOf = (id: number | undefined) => ((id ?? first) - first) * TIMESTAMP_SECONDS;
  const cuts = ids.flatMap((id, at) => (at > 0 && isTimestamp(id) && isTimestamp(ids[at - 1]) ? [at] : []));
  const finished = isTimestamp(ids.at(-1)) && !isTimestamp(ids.at(-2));

  if (cuts.length === 0) {
    const last = ids.findLast((id) => id > first);
    const seconds = last === undefined ? windowSeconds : secondsOf(last);
    const all = { start: windowStart, end: windowStart + seconds, ids };
    return { segments: ids.length > 0 ? [all] : [], advance: windowSeconds };
  }
  if (finished) cuts.push(ids.length);
  const segments = cuts.map((cut, at) => {
    const own = ids.slice(at === 0 ? 0 : cuts[at - 1], cut);
    return { start: windowStart + secondsOf(own[0]), end: windowStart + secondsOf(own.at(-1)), ids: own };
  });
  const advance = finished ? windowSeconds : secondsOf(ids[(cuts.at(-1) ?? 1) - 1]);
  // A pair at 0.00 s would have the same window heard for ever.
  return { segments, advance: advance > 0 ? Math.min(advance, windowSeconds) : windowSeconds };
}
