/** A server that has a file. */
export interface RemoteSource {
  /** Tells sources apart, e.g. `https://huggingface.co`; shown to the user. */
  readonly name: string;
  readonly url: string;
  /** Sent to `url` itself and never to where it redirects to. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Bytes that are on this machine already, e.g. in an export that the user picked. */
export interface LocalSource {
  readonly name: string;
  /** One chunk of the file. @throws SourceFault `absent` where others may have the chunk that is missing or damaged here */
  readChunk(index: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Where a file can be had from. */
export type FileSource = RemoteSource | LocalSource;

/** A file to be fetched. */
export interface FileWanted {
  readonly bytes: number;
  readonly sources: readonly FileSource[];
}

/** Faults in a row after which a source is not asked again. */
const MOST_FAULTS = 5;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A source this many times slower than the best one is left, once it has been measured for long enough. */
const TOO_SLOW = 8;
const MEASURED_BYTES = 2 ** 20;

/** What was learned about a source while a file was fetched. */
export interface SourceState {
  readonly source: FileSource;
  /** Where the last redirect led: asked directly while it works. */
  direct: string | undefined;
  etag: string | undefined;
  /** The source serves no ranges. */
  wholeOnly: boolean;
  faults: number;
  /** Not to be asked before. */
  pausedUntil: number;
  /** Why it is not asked any more. */
  dropped: string | undefined;
  /** Chunks that it does not have. */
  readonly absent: Set<number>;
  bytes: number;
  busyMs: number;
  running: number;
}

export function createSourceState(source: FileSource): SourceState {
  return {
    source,
    direct: undefined,
    etag: undefined,
    wholeOnly: false,
    faults: 0,
    pausedUntil: 0,
    dropped: undefined,
    absent: new Set(),
    bytes: 0,
    busyMs: 0,
    running: 0,
  };
}

/** Bytes a millisecond of one connection; undefined before enough was seen. */
export function speedOf({ bytes, busyMs }: SourceState): number | undefined {
  return bytes < MEASURED_BYTES || busyMs === 0 ? undefined : bytes / busyMs;
}

/**
 * The source to ask next: of those that are usable now, the one with the fewest connections for its speed. Undefined when all
 * that are left want to be left alone for a while.
 */
export function chooseSource(states: readonly SourceState[], now: number): SourceState | undefined {
  const usable = states.filter(
    ({ dropped, pausedUntil, wholeOnly, running }) =>
      dropped === undefined && pausedUntil <= now && !(wholeOnly && running > 0),
  );
  const best = Math.max(0, ...usable.map((state) => speedOf(state) ?? 0));
  const quick = usable.filter((state) => (speedOf(state) ?? best) * TOO_SLOW >= best);
  const load = (state: SourceState) => (state.running + 1) / (speedOf(state) ?? Math.max(best, 1));
  return quick.reduce<SourceState | undefined>(
    (chosen, state) => (!chosen || load(state) < load(chosen) ? state : chosen),
    undefined,
  );
}

/** Notes a fault that may pass; drops the source when it had too many in a row. */
export function noteFault(state: SourceState, reason: string, now: number, retryAfterMs?: number): void {
  state.faults += 1;
  if (state.faults >= MOST_FAULTS) {
    state.dropped = reason;
    return;
  }
  const backOff = Math.min(FIRST_PAUSE_MS * 2 ** (state.faults - 1), LONGEST_PAUSE_MS);
  // Not all connections of all models at the same moment.
  const jittered = backOff * (0.5 + Math.random() / 2);
  state.pausedUntil = Math.max(state.pausedUntil, now + (retryAfterMs ?? jittered));
}

export function noteSuccess(state: SourceState, bytes: number, ms: number): void {
  state.faults = 0;
  state.bytes += bytes;
  state.busyMs += ms;
}
