import type { Method } from '../../src/protocol/define.ts';
import { parseResult } from '../../src/protocol/dispatch.ts';
import type { DownEnvelope } from '../../src/protocol/envelope.ts';
import { toWireError, WebplatError, type WireError } from '../../src/protocol/errors.ts';
import type { LoadProgress, TextChunk } from '../../src/protocol/generation.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { parse } from '../../src/protocol/parse.ts';

/** What a handler may do besides answering. */
export interface ServedCall {
  /** Aborts when the page aborts, the session ends or the port closes; the reason is a {@link WebplatError}. */
  readonly signal: AbortSignal;
  /** Aborts the signal with `reason`; the call ends when its handler does. */
  abort(reason: WebplatError): void;
  /** Reports loading. Dropped while the reader has given no credit: only the newest state matters. */
  progress(chunk: LoadProgress): void;
  /** Sends text. Waits for credit; what waits is joined to one chunk, so nothing is lost. */
  text(chunk: TextChunk): void;
}

/** A handler's answer; buffers in `transfer` are moved out where the path can. */
export interface Answer<Result> {
  readonly value: Result;
  readonly transfer?: Transferable[];
}

/** Sends one envelope; throws where a value cannot be cloned. */
export type Send = (envelope: DownEnvelope, transfer?: Transferable[]) => void;

/** The serving side's state of one open call: credit, waiting text, and its single terminal envelope. */
export interface OpenCall {
  readonly served: ServedCall;
  grant(credit: number): void;
  /** Ends the call well, as soon as the text that waits was taken. */
  succeed(answer: Answer<unknown>): void;
  /** Ends the call at once; text that waits is dropped. */
  fail(thrown: unknown): void;
}

/** Opens a call of `method`. `onEnd` runs once, right after the terminal envelope was sent. */
export function openCall(method: Method, id: number, initialCredit: number, send: Send, onEnd: () => void): OpenCall {
  const controller = new AbortController();
  let credit = initialCredit;
  let seq = 0;
  let waiting: TextChunk | undefined;
  let answer: Answer<unknown> | undefined;
  let open = true;

  const finish = (post: () => void) => {
    if (!open) return;
    open = false;
    waiting = undefined;
    post();
    onEnd();
  };
  const sendError = (error: WireError) => send({ kind: 'error', id, error });
  const fail = (thrown: unknown) => {
    finish(() => sendError(toWireError(thrown)));
    controller.abort(thrown instanceof WebplatError ? thrown : new WebplatError('internal'));
  };
  const sendChunk = (value: unknown) => {
    credit -= 1;
    send({ kind: 'chunk', id, seq: seq++, value });
  };
  const sendResult = (given: Answer<unknown>) => {
    try {
      send({ kind: 'result', id, value: parseResult(method, given.value) }, given.transfer);
    } catch {
      sendError(toWireError(new WebplatError('internal')));
    }
  };
  const flush = () => {
    if (!open) return;
    if (waiting && credit > 0) {
      const value = waiting;
      waiting = undefined;
      sendChunk(value);
    }
    if (!waiting && answer) {
      const given = answer;
      finish(() => sendResult(given));
    }
  };
  const checked = <T>(chunk: T): T | undefined => {
    if (!open || answer) return undefined;
    try {
      if (!method.chunk) throw new WebplatError('internal');
      return parse(method.chunk, chunk, method.name) as T;
    } catch {
      fail(new WebplatError('internal'));
      return undefined;
    }
  };

  return {
    served: {
      signal: controller.signal,
      abort: (reason) => controller.abort(reason),
      progress(chunk) {
        // A method that does not stream may still be the one that makes a model load.
        if (!method.chunk) return;
        const value = checked(chunk);
        if (value && credit > 0) sendChunk(value);
      },
      text(chunk) {
        const value = checked(chunk);
        if (!value) return;
        waiting = waiting ? { text: waiting.text + value.text, tokens: waiting.tokens + value.tokens } : value;
        flush();
      },
    },
    grant(more) {
      credit = Math.min(credit + more, LIMITS.credit);
      flush();
    },
    succeed(given) {
      if (!open || answer) return;
      answer = given;
      flush();
    },
    fail,
  };
}
