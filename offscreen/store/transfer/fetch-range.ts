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
  /** Called when the answer has begun and is the one that was asked for; with where it comes from after all redirects. */
  onAnswer?(finalUrl: string): void;
}

export interface RangeAnswer {
  readonly content: Uint8Array<ArrayBuffer>;
  /** What tells this version of the file from others, where the server says so. */
  readonly etag: string | undefined;
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
 * Fetches a range and checks that it is the one: status, `Content-Range`, size of the file and number of bytes.
 *
 * @throws {@link SourceFault}; {@link NoRanges} with the open response where a part of the file was wanted and all of it comes.
 */
export async function fetchRange(fetch: AllowedFetch, request: RangeRequest): Promise<RangeAnswer> {
  const { url, begin, end, fileBytes, signal } = request;
  const whole = begin === 0 && end === fileBytes;
  const guard = createSilenceGuard(signal);
  try {
    const headers = { ...request.headers, ...(whole ? {} : { range: `bytes=${begin}-${end - 1}` }) };
    const response = await fetch(url, { headers, signal: guard.signal, ...PLAIN });
    const fault = faultOfStatus(response);
    if (fault) throw fault;
    if (response.status === 200 && !whole) {
      guard.stop();
      throw new NoRanges(response);
    }
    if (response.status === 206) assertRange(response.headers.get('content-range'), begin, end, fileBytes);
    request.onAnswer?.(response.url || url);
    const content = new Uint8Array(end - begin);
    let filled = 0;
    for await (const piece of piecesOf(response, guard)) {
      if (filled + piece.byteLength > content.byteLength)
        throw new SourceFault('lying', 'More bytes came than were asked for.');
      content.set(piece, filled);
      filled += piece.byteLength;
      await request.onBytes(piece.byteLength);
      guard.heard();
    }
    if (filled < content.byteLength) throw new SourceFault('broken', 'The connection ended early.');
    return { content, etag: response.headers.get('etag') ?? undefined };
  } catch (error) {
    throw asFault(error, signal);
  } finally {
    guard.stop();
  }
}

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
  /** Something came: the silence begins anew. */
  heard(): void;
  stop(): void;
}

/** A signal that aborts with `signal`, or when nothing is heard for too long. */
export function createSilenceGuard(signal: AbortSignal, silenceMs = SILENCE_MS): SilenceGuard {
  const controller = new AbortController();
  const give = () => controller.abort(signal.reason);
  signal.addEventListener('abort', give, { once: true });
  if (signal.aborted) give();
  const arm = () =>
    setTimeout(() => controller.abort(new SourceFault('broken', 'The connection went silent.')), silenceMs);
  let timer = arm();
  return {
    signal: controller.signal,
    heard() {
      clearTimeout(timer);
      timer = arm();
    },
    stop() {
      clearTimeout(timer);
      signal.removeEventListener('abort', give);
    },
  };
}

/** The pieces of a body as they come; the guard hears each, and ends the wait for the next. */
export async function* piecesOf(response: Response, guard: SilenceGuard): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (guard.signal.aborted) throw guard.signal.reason;
      if (done) return;
      guard.heard();
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
