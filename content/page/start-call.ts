import type { ClientCall, PortClient } from '../../src/protocol/client.ts';
import type { LoadProgress } from '../../src/protocol/generation.ts';
import type { Route } from './connection.ts';
import { pageError, wireError } from './errors.ts';
import {
  abortReason,
  bound,
  freeze,
  hasOwn,
  isAborted,
  later,
  listen,
  NativePromise,
  shielded,
  unlisten,
} from './primordials.ts';
import type { Waiter } from './requests.ts';

/** One call of the data channel. */
export interface Work {
  readonly method: string;
  readonly params: unknown;
  readonly transfer: Transferable[] | undefined;
  readonly waiter: Waiter;
  /** Chunks on their way at most; 0 where nobody listens to them. */
  readonly credit: number;
}

/** Hears of a call in the page's terms: chunks other than progress, then one of `done` and `failed`. */
export interface WorkSink {
  chunk(value: unknown): void;
  done(value: unknown, client: PortClient): void;
  failed(error: unknown, aborted: boolean): void;
}

export interface Running {
  grant(credit: number): void;
  /** Stops the work; `failed` hears `error`. */
  abort(error: unknown): void;
}

/** Sends a call as soon as the route has a client; the signal ends it at any moment, on this side at once. */
export function startCall(route: Route, work: Work, sink: WorkSink): Running {
  const { signal, onProgress } = work.waiter;
  let open = true;
  let call: ClientCall | undefined;
  let leave = () => {};

  const finish = (): boolean => {
    if (!open) return false;
    open = false;
    if (signal) unlisten(signal, 'abort', onAbort);
    return true;
  };
  const abort = (error: unknown) => {
    if (!finish()) return;
    leave();
    call?.abort(wireError('aborted'));
    sink.failed(error, true);
  };
  const onAbort = () => {
    if (signal && isAborted(signal)) abort(abortReason(signal));
  };

  if (signal) {
    listen(signal, 'abort', onAbort);
    onAbort();
  }
  if (!open) return { grant() {}, abort() {} };

  leave = route((client, error) => {
    if (!open) return;
    if (!client) {
      if (finish()) sink.failed(pageError(error ?? wireError('session-ended')), false);
      return;
    }
    const { method, params, transfer, credit } = work;
    call = client.call(
      { method, params, credit, transfer },
      {
        chunk(value) {
          if (!isProgress(value)) {
            sink.chunk(value);
            return;
          }
          // Called by the engine itself, so that neither its errors nor its stack meet ours.
          if (onProgress) later(bound(onProgress as never, undefined, freeze(value)));
          call?.grant(1);
        },
        end(outcome) {
          if (!finish()) return;
          if (!outcome.ok) {
            sink.failed(pageError(outcome.error), false);
            return;
          }
          try {
            sink.done(outcome.value, client);
          } catch {
            // The answer was not what this version of the API knows.
            sink.failed(pageError(wireError('internal')), false);
          }
        },
      },
    );
  });
  return { grant: (credit) => call?.grant(credit), abort };
}

function isProgress(value: unknown): value is LoadProgress {
  return typeof value === 'object' && value !== null && hasOwn(value, 'phase');
}

/** Credit of a call whose chunks only report loading, or are not wanted at all. */
export const PROGRESS_CREDIT = 4;

/** A call that takes nothing but JSON-like params. */
export function workOf(method: string, params: unknown, waiter: Waiter): Work {
  return { method, params, waiter, transfer: undefined, credit: waiter.onProgress ? PROGRESS_CREDIT : 0 };
}

/** A call whose answer is a promise. */
export interface Plan<T> {
  readonly route: Route;
  readonly work: Work;
  /** Makes the page's value of the wire's. */
  convert(value: unknown, client: PortClient): T;
}

/**
 * Makes the plan and carries it out; a wrong argument rejects like any failure. One promise from end to end: handing on
 * another one would ask it for `then`, which sites may have replaced.
 */
export function promised<T>(plan: () => Plan<T>): Promise<T> {
  return new NativePromise((resolve, reject) => {
    const { route, work, convert } = plan();
    const running = startCall(route, work, {
      chunk: () => running.grant(1),
      done: (value, client) => resolve(shielded(convert(value, client))),
      failed: reject,
    });
  });
}

/** What a page may keep and pass around: nobody can change it for the others, and it is no thenable. */
export function sealed<T>(value: unknown): T {
  return freeze(shielded(value)) as T;
}
