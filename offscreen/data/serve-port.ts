import * as v from 'valibot';
import type { Method, ParamsOf, ResultOf } from '../../src/protocol/define.ts';
import { type DownEnvelope, UpEnvelope } from '../../src/protocol/envelope.ts';
import { fromWireError, toWireError, WebplatError, type WireError } from '../../src/protocol/errors.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { DATA_METHODS } from '../../src/protocol/methods.ts';
import { parse } from '../../src/protocol/parse.ts';
import { RequestId } from '../../src/protocol/scalars.ts';
import { assertBounded } from '../../src/protocol/size.ts';
import type { DataPort } from '../../src/shared/port.ts';
import { type Answer, type OpenCall, openCall, type ServedCall } from './served-call.ts';

export type { Answer, ServedCall } from './served-call.ts';

type DataMethod = (typeof DATA_METHODS)[number];

/** One handler a method of the data channel. Params are validated before it, its answer and chunks after it. */
export type DataHandlers = {
  readonly [M in DataMethod as M['name']]: (params: ParamsOf<M>, call: ServedCall) => Promise<Answer<ResultOf<M>>>;
};

/** The serving end of one page's data port. */
export interface ServedPort {
  /** Calls whose handler has not settled, aborted ones included. */
  readonly running: number;
  /** Tells the page something that it did not ask for. */
  event(envelope: Extract<DownEnvelope, { kind: 'event' }>): void;
  /** Fails every open call with `reason`, tells the page, closes the port. Calling it twice is no error. */
  end(reason: WireError): void;
}

export interface ServeOptions {
  /** Called once, when the page's end went away (not after {@link ServedPort.end}). */
  onClose?(): void;
}

const METHODS: ReadonlyMap<string, Method> = new Map(DATA_METHODS.map((method) => [method.name, method]));

/** A handler once its method was looked up; the params it gets were parsed by that method's schema. */
type AnyHandler = (params: unknown, call: ServedCall) => Promise<Answer<unknown>>;

/**
 * Serves the data methods on `port`. Every request gets exactly one terminal envelope, whatever its handler and the page
 * do; what a page sends is capped before it is parsed and parsed before it is used.
 */
export function servePort(port: DataPort, handlers: DataHandlers, options: ServeOptions = {}): ServedPort {
  const calls = new Map<number, OpenCall>();
  let running = 0;
  let open = true;

  const send = (envelope: DownEnvelope, transfer?: Transferable[]) => {
    if (open) port.post(envelope, transfer);
  };
  const refuse = (id: number, error: unknown) => send({ kind: 'error', id, error: toWireError(error) });

  const start = async (call: OpenCall, handler: AnyHandler, params: unknown) => {
    running += 1;
    try {
      call.succeed(await handler(params, call.served));
    } catch (error) {
      call.fail(error);
    } finally {
      running -= 1;
    }
  };

  const onCall = ({ id, method: name, params, credit }: Extract<UpEnvelope, { kind: 'call' }>) => {
    // A second call under an open id cannot be answered without giving the first one two terminal envelopes.
    if (calls.has(id)) return;
    try {
      // Aborted calls count until their handler let go, so aborting in a loop does not get around the cap.
      if (Math.max(calls.size, running) >= LIMITS.inFlight) throw new WebplatError('busy', undefined, BUSY);
      const method = METHODS.get(name);
      if (!method) throw new WebplatError('unknown-method');
      assertBounded(params);
      const parsed = parse(method.params, params, method.name);
      const call = openCall(method, id, credit, send, () => calls.delete(id));
      calls.set(id, call);
      void start(call, handlers[method.name as DataMethod['name']] as AnyHandler, parsed);
    } catch (error) {
      refuse(id, error);
    }
  };

  const failAll = (error: WebplatError) => {
    for (const call of [...calls.values()]) call.fail(error);
  };

  port.onMessage((message) => {
    if (!open) return;
    const envelope = v.safeParse(UpEnvelope, message, { abortEarly: true });
    if (!envelope.success) {
      const id = readId(message);
      if (id !== undefined && !calls.has(id)) refuse(id, new WebplatError('invalid-request', 'Malformed envelope.'));
      return;
    }
    const up = envelope.output;
    if (up.kind === 'call') onCall(up);
    else if (up.kind === 'abort') calls.get(up.id)?.fail(new WebplatError('aborted'));
    else calls.get(up.id)?.grant(up.credit);
  });
  port.onClose(() => {
    if (!open) return;
    open = false;
    failAll(new WebplatError('session-ended'));
    options.onClose?.();
  });

  return {
    get running() {
      return running;
    },
    event: (envelope) => send(envelope),
    end(reason) {
      if (!open) return;
      failAll(fromWireError(reason));
      send({ kind: 'event', event: 'session-ended', reason });
      open = false;
      port.close();
    },
  };
}

const BUSY = { retryAfterMs: 250 };

/** The id of a call whose envelope is otherwise malformed, so that its caller hears of it instead of waiting. */
function readId(message: unknown): number | undefined {
  const call = v.safeParse(v.looseObject({ kind: v.literal('call'), id: RequestId }), message);
  return call.success ? call.output.id : undefined;
}
