import { faultOfStatus, SourceFault } from '../transfer/fault.ts';
import { type AllowedFetch, asFault, createSilenceGuard, PLAIN, piecesOf } from '../transfer/fetch-range.ts';

/** Bytes of an answer that are read at most: what a thousand files need, with room. */
const MOST_BYTES = 8 * 2 ** 20;

export interface JsonAnswer {
  readonly json: unknown;
  readonly headers: Headers;
}

/**
 * Reads a JSON document of a bounded size.
 *
 * @throws SourceFault `lying` for what is too large or no JSON.
 */
export async function fetchJson(
  fetch: AllowedFetch,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  const guard = createSilenceGuard(signal);
  try {
    const response = await guard.wait(fetch(url, { headers, signal: guard.signal, ...PLAIN }));
    const fault = faultOfStatus(response);
    if (fault) throw fault;
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of piecesOf(response, guard)) {
      bytes += piece.byteLength;
      if (bytes > MOST_BYTES) throw new SourceFault('lying', 'The answer is too long.');
      pieces.push(piece);
    }
    return { json: parse(pieces, bytes), headers: response.headers };
  } catch (error) {
    throw asFault(error, signal);
  } finally {
    guard.stop();
  }
}

function parse(pieces: readonly Uint8Array[], bytes: number): unknown {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(whole));
  } catch {
    throw new SourceFault('lying', 'The answer is not JSON.');
  }
}
