import { afterEach, describe, expect, it, vi } from 'vitest';
import { pause } from '../../../src/shared/abort.ts';
import { createThrottle } from '../download-rules.ts';
import { SourceFault } from './fault.ts';
import { type AllowedFetch, fetchRange, NoRanges, type RangeRequest } from './fetch-range.ts';
import { splitStream } from './split-stream.ts';

const live = () => new AbortController().signal;

/** A server that answers every request with one response, and notes what it was asked and whether its body was given up. */
function serverOf(body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>, init: ResponseInit = { status: 206 }) {
  const asked: RequestInit[] = [];
  const fetch: AllowedFetch = async (_url, request) => {
    asked.push(request);
    return new Response(body, init);
  };
  return { fetch, asked, dropped: () => asked.every(({ signal }) => signal?.aborted) };
}

/** A body that gives what it has and then stays silent. */
const silentAfter = (...pieces: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
    },
  });

const ask = (changes: Partial<RangeRequest> = {}): RangeRequest => ({
  url: 'https://hub.example/file',
  begin: 0,
  end: 4,
  fileBytes: 8,
  signal: live(),
  onBytes() {},
  ...changes,
});

const settled = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => error,
  );

describe('a range', () => {
  afterEach(() => void vi.useRealTimers());

  it('is asked for as bytes, without cookies, referrer and cache, even where it is the whole file', async () => {
    const { fetch, asked } = serverOf(Uint8Array.of(1, 2, 3, 4));
    expect([...(await fetchRange(fetch, ask({ fileBytes: 4 })))]).toEqual([1, 2, 3, 4]);
    expect(asked[0]).toMatchObject({
      headers: { range: 'bytes=0-3' },
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
  });

  it.each<[string, Uint8Array<ArrayBuffer>, ResponseInit, string]>([
    ['too many bytes', new Uint8Array(5), { status: 206 }, 'lying'],
    ['too few bytes', new Uint8Array(3), { status: 206 }, 'broken'],
    ['another range', new Uint8Array(4), { status: 206, headers: { 'content-range': 'bytes 1-4/8' } }, 'lying'],
    ['another size', new Uint8Array(4), { status: 206, headers: { 'content-range': 'bytes 0-3/9' } }, 'changed'],
    ['no range at all', new Uint8Array(4), { status: 206, headers: { 'content-range': 'pages 0-3' } }, 'lying'],
    ['an end that it does not have', new Uint8Array(0), { status: 416 }, 'changed'],
    ['an error', new Uint8Array(4), { status: 500 }, 'broken'],
  ])('is refused with %s, and the rest is not read', async (_what, body, init, kind) => {
    const { fetch, dropped } = serverOf(body, init);
    await expect(fetchRange(fetch, ask())).rejects.toMatchObject({ kind });
    expect(dropped()).toBe(true);
  });

  it('that turns out to be the whole file is handed on to be read from the front', async () => {
    const { fetch, dropped } = serverOf(new Uint8Array(8), { status: 200 });
    const error = await settled(fetchRange(fetch, ask()));
    expect(error).toBeInstanceOf(NoRanges);
    expect(dropped()).toBe(false);
    const chunks: number[] = [];
    await splitStream(
      (error as NoRanges).response,
      8,
      live(),
      () => {},
      async (index) => void chunks.push(index),
    );
    expect(chunks).toEqual([0]);
  });

  it('is given up before its body when the file is another version', async () => {
    const { fetch, dropped } = serverOf(new Uint8Array(4), {
      status: 206,
      headers: { 'last-modified': 'Mon, 23 Nov 2026 12:00:00 GMT' },
    });
    const heard: number[] = [];
    const request = ask({
      onBytes: (bytes) => void heard.push(bytes),
      onAnswer({ version }) {
        expect(version).toBe('Mon, 23 Nov 2026 12:00:00 GMT');
        throw new SourceFault('changed', 'another one');
      },
    });
    await expect(fetchRange(fetch, request)).rejects.toMatchObject({ kind: 'changed' });
    expect(heard).toEqual([]);
    expect(dropped()).toBe(true);
  });

  it.each([
    ['before its answer', () => new Promise<Response>(() => {})],
    ['in the middle', async () => new Response(silentAfter(Uint8Array.of(1, 2)), { status: 206 })],
  ])('is given up when the server goes silent %s', async (_when, answer) => {
    vi.useFakeTimers();
    const outcome = settled(fetchRange(answer, ask()));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await outcome).toMatchObject({ kind: 'broken', message: 'The connection went silent.' });
  });

  it('of a server without ranges is given up in silence too, and ends with its caller', async () => {
    vi.useFakeTimers();
    const split = (signal: AbortSignal) =>
      settled(
        splitStream(
          new Response(silentAfter(Uint8Array.of(1))),
          8,
          signal,
          () => {},
          async () => {},
        ),
      );
    const silent = split(live());
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await silent).toMatchObject({ kind: 'broken' });
    const abort = new AbortController();
    const left = split(abort.signal);
    abort.abort('left');
    expect(await left).toBe('left');
  });

  it('is not blamed for the time that the bandwidth limit takes', async () => {
    vi.useFakeTimers();
    const throttle = createThrottle(
      () => 10,
      () => Date.now(),
      (ms) => pause(ms, live()),
    );
    const { fetch } = serverOf(new Uint8Array(400));
    const outcome = settled(fetchRange(fetch, ask({ end: 400, fileBytes: 800, onBytes: throttle })));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await outcome).toBe('done');
  });

  it('ends at once with its caller, also while the bandwidth limit holds it back', async () => {
    const abort = new AbortController();
    const { fetch } = serverOf(silentAfter(Uint8Array.of(1)));
    const request = ask({
      signal: abort.signal,
      onBytes() {
        abort.abort('left');
        return new Promise(() => {});
      },
    });
    expect(await settled(fetchRange(fetch, request))).toBe('left');
  });
});
