/**
 * Why a source did not give what it was asked for.
 *
 * `missing`: it has no such file. `forbidden`: it wants to know who asks, or does not like the answer. `busy`: it asks for patience.
 * `broken`: the connection or the server failed; another try may do. `changed`: the file is not the one that was begun.
 * `lying`: what came is not what was asked for. `refused`: the settings do not allow the host, or one it points to.
 * `absent`: it has the file, but not this part of it.
 */
export type FaultKind = 'missing' | 'forbidden' | 'busy' | 'broken' | 'changed' | 'lying' | 'refused' | 'absent';

export class SourceFault extends Error {
  readonly kind: FaultKind;
  /** How long the source asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: FaultKind, message: string, retryAfterMs?: number) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Longer than this nobody waits for a server that is busy; it is asked again then, and may say so again. */
const MOST_PATIENCE_MS = 5 * 60_000;

/** The fault that a status stands for; undefined for those that give something. */
export function faultOfStatus({ status, headers }: Pick<Response, 'status' | 'headers'>): SourceFault | undefined {
  if (status === 200 || status === 206) return undefined;
  if (status === 401 || status === 403) return new SourceFault('forbidden', `The server answered ${status}.`);
  if (status === 404 || status === 410 || status === 451)
    return new SourceFault('missing', `The server answered ${status}.`);
  if (status === 416) return new SourceFault('changed', 'The file is shorter than it was.');
  if (status === 429 || status === 503) {
    return new SourceFault('busy', `The server answered ${status}.`, patience(headers.get('retry-after')));
  }
  return new SourceFault('broken', `The server answered ${status}.`);
}

/** Retry-After of RFC 9110: seconds, or a date. */
function patience(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MOST_PATIENCE_MS);
}
