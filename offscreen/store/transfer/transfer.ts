import { CHUNK_BYTES, type ChunkedFile, type ChunkedFiles, chunkCount, chunkSize } from '../chunked-files.ts';
import { SourceFault } from './fault.ts';
import { type AllowedFetch, fetchRange, NoRanges } from './fetch-range.ts';
import {
  chooseSource,
  createSourceState,
  type FileSource,
  noteFault,
  noteSuccess,
  type SourceState,
  speedOf,
} from './source.ts';
import { splitStream } from './split-stream.ts';

export interface TransferOptions {
  readonly files: ChunkedFiles;
  readonly file: ChunkedFile;
  readonly sources: readonly FileSource[];
  readonly fetch: AllowedFetch;
  /** Connections at a time. */
  readonly connections: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Called with the size of every piece that arrives; waits where the bandwidth is limited. */
  onBytes(bytes: number): Promise<void> | void;
  /** A chunk is on disk. */
  onChunk(index: number): void;
}

/** A file on its way from its sources to the disk, in chunks, several at a time. */
export interface Transfer {
  /** Settles when all chunks are there. @throws SourceFault of the last source that was left; the signal's reason. */
  readonly done: Promise<void>;
  /** Chunks that somebody waits for; they are fetched before all others, in the order of the calls. */
  want(indexes: Iterable<number>): void;
  /** Where each chunk came from in this transfer; chunks of earlier ones are not in it. */
  readonly origins: ReadonlyMap<number, string>;
  readonly sources: readonly SourceState[];
}

interface Flight {
  readonly state: SourceState;
  readonly startedAt: number;
  readonly abort: AbortController;
}

const POLL_MS = 250;
/** A chunk that takes this much longer than it would elsewhere is asked for there too. */
const LATE = 3;
const LATE_AT_LEAST_MS = 5_000;

/** Starts fetching the chunks of `file` that are not complete. */
export function startTransfer(options: TransferOptions): Transfer {
  const { files, file, sources, signal, now, pause } = options;
  const states = sources.map(createSourceState);
  const origins = new Map<number, string>();
  const missing = new Set<number>();
  const wanted = new Set<number>();
  const flights = new Map<number, Flight[]>();
  let lastFault = new SourceFault('missing', 'There is no source for the file.');
  let answered = () => {};

  const isLeft = (index: number) => missing.has(index) || flights.has(index);
  const openStates = () => states.filter(({ dropped }) => dropped === undefined);

  function take(): number | undefined {
    for (const list of [wanted, missing]) {
      for (const index of list) {
        wanted.delete(index);
        if (missing.delete(index)) return index;
      }
    }
    return undefined;
  }

  /** A chunk on its way from a source that is much slower than another one, which may fetch it as well. */
  function takeLate(): { index: number; state: SourceState } | undefined {
    for (const [index, [flight, ...more]] of flights) {
      if (!flight || more.length > 0) continue;
      const others = openStates().filter((state) => state !== flight.state);
      const state = chooseSource(others, now());
      const usualMs = state && chunkSize(file.bytes, index) / (speedOf(state) ?? Number.POSITIVE_INFINITY);
      const late = Math.max(LATE_AT_LEAST_MS, LATE * (usualMs ?? 0));
      if (state && now() - flight.startedAt > late) return { index, state };
    }
    return undefined;
  }

  async function store(index: number, content: Uint8Array<ArrayBuffer>, state: SourceState): Promise<void> {
    if (origins.has(index)) return;
    await files.write(file, index, content);
    origins.set(index, state.source.name);
    missing.delete(index);
    options.onChunk(index);
  }

  async function fetchChunk(index: number, state: SourceState, abort: AbortController): Promise<void> {
    const begin = index * CHUNK_BYTES;
    const { direct } = state;
    const startedAt = now();
    const { content, etag } = await fetchRange(options.fetch, {
      url: direct ?? state.source.url,
      begin,
      end: begin + chunkSize(file.bytes, index),
      fileBytes: file.bytes,
      // What a source wants to know is its own business, not that of whoever it points to.
      ...(direct === undefined && state.source.headers && { headers: state.source.headers }),
      signal: AbortSignal.any([signal, abort.signal]),
      onBytes: options.onBytes,
      onAnswer(finalUrl) {
        // Asking there at once saves the redirects of all later chunks.
        if (finalUrl !== state.source.url) state.direct = finalUrl;
        answered();
      },
    });
    if (etag !== undefined && state.etag !== undefined && etag !== state.etag) {
      throw new SourceFault('changed', 'The file was changed while it was fetched.');
    }
    state.etag ??= etag;
    noteSuccess(state, content.byteLength, Math.max(1, now() - startedAt));
    await store(index, content, state);
  }

  /** A server without ranges: its one answer is cut into chunks as it comes. */
  async function fetchWhole(state: SourceState, response: Response): Promise<void> {
    state.wholeOnly = true;
    answered();
    await splitStream(response, file.bytes, signal, options.onBytes, async (index, content) => {
      if (isLeft(index)) await store(index, content, state);
    });
    noteSuccess(state, file.bytes, 1);
  }

  function judge(state: SourceState, error: unknown): void {
    if (!(error instanceof SourceFault)) throw error;
    lastFault = error;
    const hadDirect = state.direct !== undefined;
    // Addresses that redirects lead to expire: the source itself is asked again before it is blamed.
    state.direct = undefined;
    if (hadDirect && (error.kind === 'forbidden' || error.kind === 'missing')) return;
    if (error.kind === 'broken' || error.kind === 'busy') noteFault(state, error.message, now(), error.retryAfterMs);
    else state.dropped = error.message;
  }

  async function fly(index: number, state: SourceState): Promise<void> {
    const flight: Flight = { state, startedAt: now(), abort: new AbortController() };
    flights.set(index, [...(flights.get(index) ?? []), flight]);
    state.running += 1;
    try {
      await fetchChunk(index, state, flight.abort);
      for (const other of flights.get(index) ?? []) {
        if (other !== flight) other.abort.abort(new SourceFault('broken', 'Another source was quicker.'));
      }
    } catch (error) {
      if (!origins.has(index)) missing.add(index);
      if (error instanceof NoRanges) await fetchWhole(state, error.response).catch((fault) => judge(state, fault));
      else judge(state, error);
    } finally {
      state.running -= 1;
      const left = (flights.get(index) ?? []).filter((other) => other !== flight);
      if (left.length > 0) flights.set(index, left);
      else flights.delete(index);
    }
  }

  async function work(): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (openStates().length === 0) throw lastFault;
      const state = chooseSource(states, now());
      const index = state && take();
      const late = index === undefined ? takeLate() : undefined;
      if (state && index !== undefined) await fly(index, state);
      else if (late) await fly(late.index, late.state);
      else if (missing.size === 0 && (flights.size === 0 || states.length === 1)) return;
      else await pause(POLL_MS, signal);
    }
  }

  async function run(): Promise<void> {
    const complete = await files.complete(file);
    for (let index = 0; index < chunkCount(file.bytes); index += 1) {
      if (complete.has(index)) options.onChunk(index);
      else missing.add(index);
    }
    if (missing.size === 0) return;
    const firstAnswer = new Promise<void>((resolve) => {
      answered = resolve;
    });
    // One connection goes ahead: a server that turns out to know no ranges must not send all of the file several times.
    const first = work();
    await Promise.race([first, firstAnswer]);
    const others = Array.from({ length: Math.min(options.connections, missing.size + 1) - 1 }, work);
    await Promise.all([first, ...others]);
    // One may have given its chunk back after the others had found nothing left to do.
    while (missing.size > 0) await work();
  }

  const done = run();
  done.catch(() => {});
  return {
    done,
    want(indexes) {
      for (const index of indexes) wanted.add(index);
    },
    origins,
    sources: states,
  };
}
