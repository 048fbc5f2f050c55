import { abortable } from '../../../src/shared/abort.ts';
import { CHUNK_BYTES, type ChunkedFile, type ChunkedFiles, chunkCount, chunkSize } from '../chunked-files.ts';
import { SourceFault } from './fault.ts';
import { type AllowedFetch, fetchRange, NoRanges, versionOf } from './fetch-range.ts';
import {
  chooseSource,
  createSourceState,
  type FileSource,
  type LocalSource,
  noteFault,
  noteSuccess,
  type RemoteSource,
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
  /** The version that chunks which are there already are of; another one is a fault then. */
  readonly version?: string | undefined;
  /** Called once with the version that comes, where the source tells; no chunk is stored before it has settled. */
  onVersion?(version: string): Promise<void>;
  /** Called with the size of every piece that arrives from `source`; waits where the bandwidth is limited. */
  onBytes(bytes: number, source: FileSource): Promise<void> | void;
  /** So many of the bytes that arrived are of no use: their chunk did not become whole, or was there already. */
  onLost(bytes: number): void;
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
  bytes: number;
}

const POLL_MS = 250;
/** A chunk that takes this much longer than it would elsewhere is asked for there too. */
const LATE = 3;
const LATE_AT_LEAST_MS = 5_000;

/** Starts fetching the chunks of `file` that are not complete. */
export function startTransfer(options: TransferOptions): Transfer {
  const { files, file, sources, signal, now, pause } = options;
  const states = sources.map(createSourceState);
  for (const state of states) state.etag = options.version;
  let versionNoted: Promise<void> | undefined;
  const origins = new Map<number, string>();
  const missing = new Set<number>();
  const wanted = new Set<number>();
  const flights = new Map<number, Flight[]>();
  let lastFault = new SourceFault('missing', 'There is no source for the file.');
  let answered = () => {};

  const isLeft = (index: number) => missing.has(index) || flights.has(index);
  const openStates = () => states.filter(({ dropped }) => dropped === undefined);
  /** Sources that have one of the chunks that nobody fetches yet. */
  const ableStates = () => {
    const left = [...missing];
    return openStates().filter(({ absent }) => absent.size === 0 || left.some((index) => !absent.has(index)));
  };

  function take({ absent }: SourceState): number | undefined {
    for (const list of [wanted, missing]) {
      for (const index of list) {
        if (absent.has(index)) continue;
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
      const others = openStates().filter((state) => state !== flight.state && !state.absent.has(index));
      const state = chooseSource(others, now());
      const usualMs = state && chunkSize(file.bytes, index) / (speedOf(state) ?? Number.POSITIVE_INFINITY);
      const late = Math.max(LATE_AT_LEAST_MS, LATE * (usualMs ?? 0));
      if (state && now() - flight.startedAt > late) return { index, state };
    }
    return undefined;
  }

  async function store(index: number, content: Uint8Array<ArrayBuffer>, state: SourceState): Promise<void> {
    if (origins.has(index)) return options.onLost(content.byteLength);
    await versionNoted;
    await files.write(file, index, content);
    origins.set(index, state.source.name);
    missing.delete(index);
    options.onChunk(index);
  }

  /** @throws SourceFault when this is not the version that was begun. */
  function holdTo(state: SourceState, version: string | undefined): void {
    if (version === undefined) return;
    if (state.etag !== undefined && version !== state.etag) {
      throw new SourceFault('changed', 'The file was changed while it was fetched.');
    }
    state.etag = version;
    versionNoted ??= options.onVersion?.(version);
    versionNoted?.catch(() => {});
  }

  async function readChunk(index: number, source: LocalSource, { state, startedAt }: Flight): Promise<void> {
    // A drive that does not answer must not hold who wants to stop.
    const content = await abortable(source.readChunk(index), signal);
    signal.throwIfAborted();
    answered();
    await options.onBytes(content.byteLength, source);
    noteSuccess(state, content.byteLength, Math.max(1, now() - startedAt));
    await store(index, content, state);
  }

  async function fetchChunk(index: number, source: RemoteSource, flight: Flight): Promise<void> {
    const begin = index * CHUNK_BYTES;
    const { state, startedAt, abort } = flight;
    const { direct } = state;
    const content = await fetchRange(options.fetch, {
      url: direct ?? source.url,
      begin,
      end: begin + chunkSize(file.bytes, index),
      fileBytes: file.bytes,
      // What a source wants to know is its own business, not that of whoever it points to.
      ...(direct === undefined && source.headers && { headers: source.headers }),
      signal: AbortSignal.any([signal, abort.signal]),
      onBytes(bytes) {
        flight.bytes += bytes;
        return options.onBytes(bytes, source);
      },
      onAnswer({ url, version }) {
        holdTo(state, version);
        // Asking there at once saves the redirects of all later chunks.
        if (url !== source.url) state.direct = url;
        answered();
      },
    });
    noteSuccess(state, content.byteLength, Math.max(1, now() - startedAt));
    await store(index, content, state);
  }

  /** A server without ranges: its one answer is cut into chunks as it comes. */
  async function fetchWhole(state: SourceState, response: Response): Promise<void> {
    holdTo(state, versionOf(response.headers));
    state.wholeOnly = true;
    answered();
    let loose = 0;
    const hear = (bytes: number) => {
      loose += bytes;
      return options.onBytes(bytes, state.source);
    };
    try {
      await splitStream(response, file.bytes, signal, hear, async (index, content) => {
        loose -= content.byteLength;
        if (isLeft(index)) await store(index, content, state);
        else options.onLost(content.byteLength);
      });
    } finally {
      options.onLost(loose);
    }
    noteSuccess(state, file.bytes, 1);
  }

  function judge(state: SourceState, index: number, error: unknown): void {
    if (!(error instanceof SourceFault)) throw error;
    lastFault = error;
    if (error.kind === 'absent') {
      state.absent.add(index);
      return;
    }
    const hadDirect = state.direct !== undefined;
    // Addresses that redirects lead to expire: the source itself is asked again before it is blamed.
    state.direct = undefined;
    if (hadDirect && (error.kind === 'forbidden' || error.kind === 'missing')) return;
    if (error.kind === 'broken' || error.kind === 'busy') noteFault(state, error.message, now(), error.retryAfterMs);
    else state.dropped = error.message;
  }

  async function fly(index: number, state: SourceState): Promise<void> {
    const flight: Flight = { state, startedAt: now(), abort: new AbortController(), bytes: 0 };
    const { source } = state;
    flights.set(index, [...(flights.get(index) ?? []), flight]);
    state.running += 1;
    try {
      if ('readChunk' in source) await readChunk(index, source, flight);
      else await fetchChunk(index, source, flight);
      for (const other of flights.get(index) ?? []) {
        if (other !== flight) other.abort.abort(new SourceFault('broken', 'Another source was quicker.'));
      }
    } catch (error) {
      options.onLost(flight.bytes);
      if (!origins.has(index)) missing.add(index);
      if (error instanceof NoRanges)
        await fetchWhole(state, error.response).catch((fault) => judge(state, index, fault));
      else judge(state, index, error);
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
      const able = ableStates();
      if (openStates().length === 0) throw lastFault;
      if (able.length === 0 && missing.size > 0 && flights.size === 0) throw lastFault;
      const state = chooseSource(able, now());
      const index = state && take(state);
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
