import type { DataPort } from '../shared/port.ts';
import type { DownEnvelope, UpEnvelope } from './envelope.ts';
import type { WireError } from './errors.ts';

/** How a call ended. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: WireError };

/** Hears of one call: any number of chunks, then exactly one end. Neither may throw. */
export interface CallSink {
  chunk(value: unknown): void;
  end(outcome: Outcome): void;
}

/** No field is optional: an absent one would be looked up on `Object.prototype`. */
export interface CallRequest {
  readonly method: string;
  readonly params: unknown;
  /** Chunks the sink takes before it asks for more. */
  readonly credit: number;
  readonly transfer: Transferable[] | undefined;
}

/** The caller's hold on an open call; everything on it does nothing once the call ended. */
export interface ClientCall {
  grant(credit: number): void;
  /** Ends the call here and now with `reason`, and asks the other end to stop. */
  abort(reason: WireError): void;
}

/** The calling end of a control or data port. */
export interface PortClient {
  /** Calls without an end yet. */
  readonly pending: number;
  readonly closed: boolean;
  call(request: CallRequest, sink: CallSink): ClientCall;
  /** Ends every open call with `reason` and asks the other end to stop; the port stays open. */
  abortAll(reason: WireError): void;
  /** Ends every open call with `reason` and closes the port. Calling it twice is no error. */
  close(reason: WireError): void;
}

export interface ClientOptions {
  /** Hears of events that belong to no call. */
  onEvent(event: Extract<DownEnvelope, { kind: 'event' }>): void;
  /** Called once, when the other end went away; open calls have already ended. */
  onClose(): void;
}

interface Entry {
  readonly sink: CallSink;
  credit: number;
  seq: number;
}

const MAX_ID = 0xffff_ffff;
const DISCONNECTED: WireError = {
  code: 'disconnected',
  message: 'The extension was restarted or updated. Call again; reload the page if it persists.',
};
const UNSENDABLE: WireError = { code: 'invalid-request', message: 'The arguments cannot be sent to the extension.' };
const FAULT: WireError = { code: 'internal', message: 'The answer arrived damaged. Try again.' };

/**
 * Makes calls on `port`: ids, exactly one end for each call, chunks in order and within credit, late envelopes ignored.
 *
 * It runs inside web sites, beside scripts that may have replaced any built-in method. So it uses syntax only: no method
 * of a prototype is looked up, the table of calls has no prototype, and what it waits for it is told by callback, because
 * resolving a promise with an object already asks that object's prototype for `then`.
 */
export function createPortClient(port: DataPort, options: ClientOptions): PortClient {
  const calls = { __proto__: null } as unknown as Record<number, Entry>;
  let pending = 0;
  let lastId = 0;
  let closed = false;

  const nextId = (): number => {
    do {
      lastId = lastId === MAX_ID ? 1 : lastId + 1;
    } while (calls[lastId]);
    return lastId;
  };
  const end = (id: number, outcome: Outcome): void => {
    const entry = calls[id];
    if (!entry) return;
    delete calls[id];
    pending -= 1;
    entry.sink.end(outcome);
  };
  const shut = (error: WireError): void => {
    closed = true;
    for (const id in calls) end(+id, { ok: false, error });
  };
  const post = (envelope: UpEnvelope, transfer?: Transferable[]): void => {
    if (!closed) port.post(envelope, transfer);
  };
  const abort = (id: number, reason: WireError): void => {
    if (!calls[id]) return;
    post({ kind: 'abort', id });
    end(id, { ok: false, error: reason });
  };
  const onChunk = (id: number, seq: unknown, value: unknown): void => {
    const entry = calls[id];
    if (!entry) return;
    if (seq !== entry.seq || entry.credit < 1) {
      abort(id, FAULT);
      return;
    }
    entry.seq += 1;
    entry.credit -= 1;
    entry.sink.chunk(value);
  };

  port.onMessage((message) => {
    const down = message as DownEnvelope | null;
    if (closed || typeof down !== 'object' || down === null) return;
    if (down.kind === 'chunk') onChunk(down.id, down.seq, down.value);
    else if (down.kind === 'result') end(down.id, { ok: true, value: down.value });
    else if (down.kind === 'error') end(down.id, { ok: false, error: down.error });
    else if (down.kind === 'event') options.onEvent(down);
  });
  port.onClose(() => {
    if (closed) return;
    shut(DISCONNECTED);
    options.onClose();
  });

  return {
    get pending() {
      return pending;
    },
    get closed() {
      return closed;
    },
    call({ method, params, credit, transfer }, sink) {
      const id = nextId();
      calls[id] = { sink, credit, seq: 0 };
      pending += 1;
      if (closed) {
        end(id, { ok: false, error: DISCONNECTED });
      } else {
        try {
          post({ kind: 'call', id, method, params, credit }, transfer);
        } catch {
          end(id, { ok: false, error: UNSENDABLE });
        }
      }
      return {
        grant(more) {
          const entry = calls[id];
          if (!entry || entry.sink !== sink) return;
          entry.credit += more;
          post({ kind: 'credit', id, credit: more });
        },
        abort(reason) {
          if (calls[id]?.sink === sink) abort(id, reason);
        },
      };
    },
    abortAll(reason) {
      for (const id in calls) abort(+id, reason);
    },
    close(reason) {
      if (closed) return;
      shut(reason);
      port.close();
    },
  };
}
