import type { GenerationResult, TextStream } from '../webplat.d.ts';
import type { Route } from './connection.ts';
import { pageError, wireError } from './errors.ts';
import {
  closeStream,
  define,
  enqueue,
  errorStream,
  freeze,
  NativePromise,
  NativeReadableStream,
  quiet,
} from './primordials.ts';
import { type Running, sealed, startCall, type Work, type WorkSink } from './start-call.ts';

/** Chunks on their way at most, and after how many that were read more are asked for. */
const WINDOW = 16;
const REFILL = 8;

interface Node {
  readonly chunk: unknown;
  next: Node | undefined;
}

/**
 * A call whose text is read as it comes. What the site has not read yet stays here, at most a window of chunks; credit
 * goes out as it reads, so a slow reader slows the sender and not the memory of anybody.
 */
export function textStream(
  route: Route,
  work: Omit<Work, 'credit'>,
  convert: (value: unknown) => GenerationResult,
): TextStream {
  const source = createSource(convert);
  const result = new NativePromise<unknown>((resolve, reject) => {
    source.settle = { resolve, reject };
  });
  quiet(result);
  source.running = startCall(route, { ...work, credit: WINDOW }, source.sink);
  const stream = new NativeReadableStream(source.underlying, { __proto__: null, highWaterMark: 0 } as QueuingStrategy);
  define(stream, 'result', result, true);
  return stream as unknown as TextStream;
}

interface Source {
  readonly sink: WorkSink;
  readonly underlying: UnderlyingDefaultSource;
  running: Running | undefined;
  settle: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;
}

function createSource(convert: (value: unknown) => GenerationResult): Source {
  let controller: ReadableStreamDefaultController | undefined;
  let head: Node | undefined;
  let tail: Node | undefined;
  let unread = 0;
  let ended: { readonly error: unknown; readonly ok: boolean } | undefined;
  /** Set while a reader waits for the next chunk. */
  let wake: (() => void) | undefined;

  const advance = () => {
    if (!controller || !wake) return;
    const node = head;
    if (!node && !ended) return;
    const resolve = wake;
    wake = undefined;
    if (node) {
      head = node.next;
      if (!head) tail = undefined;
      enqueue(controller, node.chunk);
      unread += 1;
      if (unread >= REFILL) {
        unread = 0;
        source.running?.grant(REFILL);
      }
    } else if (ended?.ok) {
      closeStream(controller);
    } else {
      errorStream(controller, ended?.error);
    }
    resolve();
  };
  const end = (ok: boolean, error: unknown, drop: boolean) => {
    ended = { ok, error };
    if (drop) {
      head = undefined;
      tail = undefined;
    }
    advance();
  };

  const source: Source = {
    running: undefined,
    settle: undefined,
    sink: {
      chunk(value) {
        const node: Node = { chunk: freeze(value), next: undefined };
        if (tail) tail.next = node;
        else head = node;
        tail = node;
        advance();
      },
      done(value) {
        source.settle?.resolve(sealed(convert(value)));
        end(true, undefined, false);
      },
      failed(error, aborted) {
        source.settle?.reject(error);
        end(false, error, aborted);
      },
    },
    underlying: {
      __proto__: null,
      start(given: ReadableStreamDefaultController) {
        controller = given;
      },
      pull: () =>
        new NativePromise<void>((resolve) => {
          wake = resolve;
          advance();
        }),
      cancel() {
        source.running?.abort(pageError(wireError('aborted')));
      },
    } as unknown as UnderlyingDefaultSource,
  };
  return source;
}
