import { abortable, onAbort } from '../../../src/shared/abort.ts';
import { faultOfStatus, SourceFault } from './fault.ts';

/** `fetch`, restricted to the hosts that the user allowed. */
export type AllowedFetch = (url: string, init: RequestInit) => Promise<Response>;

export interface RangeRequest {
  readonly url: string;
  readonly begin: number;
  /** Exclusive. */
  readonly end: number;
  /** Bytes of the whole file. */
  readonly fileBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called with the size of every piece that arrives; waits where the bandwidth is limited. */
  onBytes(bytes: number): Promise<void> | void;
  /** Called when the answer has begun and its range is the one that was asked for, before its body is read; may throw. */
  onAnswer?(answer: RangeAnswer): void;
}

export interface RangeAnswer {
  /** Where it comes from, after all redirects. */
  readonly url: string;
  /** What tells this version of the file from others, where the server says so. */
  readonly version: string | undefined;
}

/** The server sends the whole file whatever range it is asked for. */
export class NoRanges extends Error {
  readonly response: Response;
  constructor(response: Response) {
    super('The server does not serve ranges.');
    this.response = response;
  }
}

/** A connection that says nothing for this long is given up. */
const SILENCE_MS = 20_000;

/**
 * Fetches a range and checks that it is the one: status, `Content-Range`, size of the file and number of bytes. A range is asked
 * for even where it is the whole file: browsers then ask for bytes as they are instead of compressed ones, whose number would
 * be another (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch).
 *
 * @throws {@link SourceFault}; {@link NoRanges} with the open response where a part of the file was wanted and all of it comes.
 */
export async function fetchRange(fetch: AllowedFetch, request: RangeRequest): Promise<Uint8Array<ArrayBuffer>> {
  const { url, begin, end, fileBytes, signal } = request;
  const whole = begin === 0 && end === fileBytes;
  const guard = createSilenceGuard(signal);
  try {
    const headers = { ...request.headers, range: `bytes=${begin}-${end - 1}` };
    const response = await guard.wait(fetch(url, { headers, signal: guard.signal, ...PLAIN }));
    const fault = faultOfStatus(response);
    if (fault) throw fault;
    if (response.status === 200 && !whole) throw new NoRanges(response);
    if (response.status === 206) assertRange(response.headers.get('content-range'), begin, end, fileBytes);
    request.onAnswer?.({ url: response.url || url, version: versionOf(response.headers) });
    const content = new Uint8Array(end - begin);
    let filled = 0;
    for await (const piece of piecesOf(response, guard, request.onBytes)) {
      if (filled + piece.byteLength > content.byteLength)
        throw new SourceFault('lying', 'More bytes came than were asked for.');
      content.set(piece, filled);
      filled += piece.byteLength;
    }
    if (filled < content.byteLength) throw new SourceFault('broken', 'The connection ended early.');
    return content;
  } catch (error) {
    // A body that nobody reads would go on arriving.
    if (!(error instanceof NoRanges)) guard.drop(error);
    throw asFault(error, signal);
  } finally {
    guard.stop();
  }
}

/** Servers of other origins show an ETag only if they list it; the date of the last change is always shown. */
export const versionOf = (headers: Headers): string | undefined =>
  headers.get('etag') ?? headers.get('last-modified') ?? undefined;

/** No cookies, no referrer, no cache that would keep a second copy. */
export const PLAIN = {
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
  cache: 'no-store',
} as const satisfies RequestInit;

/** The abort of the caller as it is; everything else as a fault of the source. */
export function asFault(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof SourceFault || error instanceof NoRanges) return error;
  return new SourceFault('broken', error instanceof Error ? error.message : 'The connection failed.');
}

function assertRange(header: string | null, begin: number, end: number, fileBytes: number): void {
  // Servers of other origins show the header only if they list it; the number of bytes is checked in any case.
  if (header === null) return;
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header) ?? [];
  if (total !== undefined && total !== '*' && Number(total) !== fileBytes) {
    throw new SourceFault('changed', `The file has ${total} bytes, not ${fileBytes}.`);
  }
  if (Number(first) !== begin || Number(last) !== end - 1) {
    throw new SourceFault('lying', 'Another range came than the one that was asked for.');
  }
}

export interface SilenceGuard {
  readonly signal: AbortSignal;
  /** Waits for what comes next; rejects when `signal` aborts or nothing comes for too long. */
  wait<T>(next: Promise<T>): Promise<T>;
  /** Aborts what the signal was given to. */
  drop(reason: unknown): void;
  stop(): void;
}

/** A signal that aborts with `signal`, or when what is waited for stays away for too long. */
export function createSilenceGuard(signal: AbortSignal, silenceMs = SILENCE_MS): SilenceGuard {
  const controller = new AbortController();
  const drop = (reason: unknown) => controller.abort(reason);
  const stop = onAbort(signal, drop);
  return {
    signal: controller.signal,
    async wait(next) {
      const timer = setTimeout(() => drop(new SourceFault('broken', 'The connection went silent.')), silenceMs);
      try {
        return await abortable(next, controller.signal);
      } finally {
        clearTimeout(timer);
      }
    },
    drop,
    stop,
  };
}

/** The pieces of a body as they come. The time that `onBytes` and whoever reads take with each is not the source's silence. */
export async function* piecesOf(
  response: Response,
  guard: SilenceGuard,
  onBytes?: RangeRequest['onBytes'],
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await guard.wait(reader.read());
      if (done) return;
      const held = onBytes?.(value.byteLength);
      if (held) await abortable(held, guard.signal);
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
