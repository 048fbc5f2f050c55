import { describe, expect, it } from 'vitest';
import type { DataPort } from '../shared/port.ts';
import { callMethod } from './call.ts';
import { type CallSink, createPortClient, type Outcome } from './client.ts';
import { infer } from './data/infer.ts';
import { stream } from './data/stream.ts';
import type { UpEnvelope } from './envelope.ts';
import type { WireError } from './errors.ts';

interface FakePort {
  readonly port: DataPort;
  readonly sent: UpEnvelope[];
  receive(message: unknown): void;
  closeFromAfar(): void;
}

function makePort(): FakePort {
  const sent: UpEnvelope[] = [];
  let onMessage = (_message: unknown) => {};
  let onClose = () => {};
  return {
    sent,
    port: {
      post: (message) => sent.push(message as UpEnvelope),
      onMessage: (listener) => {
        onMessage = listener;
      },
      onClose: (listener) => {
        onClose = listener;
      },
      close() {},
    },
    receive: (message) => onMessage(message),
    closeFromAfar: () => onClose(),
  };
}

const SILENT = { onEvent() {}, onClose() {} };
const ABORTED: WireError = { code: 'aborted', message: 'enough' };
const REQUEST = { method: 'stream', params: {}, credit: 2, transfer: undefined };

function makeSink(): CallSink & { readonly chunks: unknown[]; readonly ends: Outcome[] } {
  const chunks: unknown[] = [];
  const ends: Outcome[] = [];
  return { chunks, ends, chunk: (value) => chunks.push(value), end: (outcome) => ends.push(outcome) };
}

const chunk = (id: number, seq: number) => ({ kind: 'chunk', id, seq, value: seq });
const EXECUTION = { backend: 'ECHO', firstTokenMs: 1, totalMs: 2, inputTokens: 3, outputTokens: 4 } as const;
const RESULT = { text: 'hi', finishReason: 'end', execution: EXECUTION } as const;
const PARAMS = { model: 'packaged:echo', task: 'text-generation', input: 'hi' } as const;

describe('createPortClient', () => {
  it('ends a call once and ignores what comes late', () => {
    const fake = makePort();
    const client = createPortClient(fake.port, SILENT);
    const sink = makeSink();
    client.call(REQUEST, sink);
    fake.receive({ kind: 'result', id: 1, value: 'first' });
    fake.receive({ kind: 'result', id: 1, value: 'second' });
    fake.receive({ kind: 'error', id: 1, error: ABORTED });
    fake.receive(chunk(1, 0));
    expect(sink.ends).toEqual([{ ok: true, value: 'first' }]);
    expect(sink.chunks).toEqual([]);
    expect(client.pending).toBe(0);
  });

  it('passes chunks in order and fails the call at a gap', () => {
    const fake = makePort();
    const sink = makeSink();
    createPortClient(fake.port, SILENT).call(REQUEST, sink);
    fake.receive(chunk(1, 0));
    fake.receive(chunk(1, 2));
    expect(sink.chunks).toEqual([0]);
    expect(sink.ends).toMatchObject([{ ok: false, error: { code: 'internal' } }]);
    expect(fake.sent.at(-1)).toEqual({ kind: 'abort', id: 1 });
  });

  it('fails a call whose sender goes past its credit', () => {
    const fake = makePort();
    const sink = makeSink();
    const call = createPortClient(fake.port, SILENT).call(REQUEST, sink);
    fake.receive(chunk(1, 0));
    fake.receive(chunk(1, 1));
    call.grant(1);
    expect(fake.sent.at(-1)).toEqual({ kind: 'credit', id: 1, credit: 1 });
    fake.receive(chunk(1, 2));
    expect(sink.ends).toEqual([]);
    fake.receive(chunk(1, 3));
    expect(sink.chunks).toEqual([0, 1, 2]);
    expect(sink.ends).toMatchObject([{ ok: false, error: { code: 'internal' } }]);
  });

  it('ends on abort at once and tells the other end', () => {
    const fake = makePort();
    const sink = makeSink();
    const call = createPortClient(fake.port, SILENT).call(REQUEST, sink);
    call.abort(ABORTED);
    call.abort(ABORTED);
    call.grant(1);
    fake.receive({ kind: 'result', id: 1, value: 1 });
    expect(sink.ends).toEqual([{ ok: false, error: ABORTED }]);
    expect(fake.sent.map(({ kind }) => kind)).toEqual(['call', 'abort']);
  });

  it('fails every open call with a retryable error when the port closes, and later ones too', () => {
    const fake = makePort();
    let closes = 0;
    const client = createPortClient(fake.port, { onEvent() {}, onClose: () => closes++ });
    const sinks = [makeSink(), makeSink()];
    for (const sink of sinks) client.call(REQUEST, sink);
    fake.closeFromAfar();
    fake.closeFromAfar();
    const late = makeSink();
    client.call(REQUEST, late);
    for (const sink of [...sinks, late]) {
      expect(sink.ends).toMatchObject([{ ok: false, error: { code: 'disconnected' } }]);
    }
    expect(closes).toBe(1);
    expect(client.pending).toBe(0);
  });

  it('ends a call whose arguments the port cannot carry', () => {
    const fake = makePort();
    const client = createPortClient(
      {
        ...fake.port,
        post() {
          throw new DOMException('no', 'DataCloneError');
        },
      },
      SILENT,
    );
    const sink = makeSink();
    client.call(REQUEST, sink);
    expect(sink.ends).toMatchObject([{ ok: false, error: { code: 'invalid-request' } }]);
    expect(client.pending).toBe(0);
  });

  it.each([null, undefined, 7, 'result', [], {}, { kind: 'nonsense' }, { kind: 'result' }, { kind: 'chunk', id: 9 }])(
    'ignores %j',
    (message) => {
      const fake = makePort();
      const sink = makeSink();
      createPortClient(fake.port, SILENT).call(REQUEST, sink);
      fake.receive(message);
      expect(sink.ends).toEqual([]);
    },
  );

  it('delivers events and ends all calls on request without closing', () => {
    const fake = makePort();
    const events: unknown[] = [];
    const client = createPortClient(fake.port, { onEvent: (event) => events.push(event), onClose() {} });
    const sink = makeSink();
    client.call(REQUEST, sink);
    fake.receive({ kind: 'event', event: 'permissions-changed' });
    client.abortAll(ABORTED);
    expect(events).toHaveLength(1);
    expect(sink.ends).toEqual([{ ok: false, error: ABORTED }]);
    expect(client.closed).toBe(false);
  });

  it('works while a site watches every prototype', () => {
    const fake = makePort();
    const client = createPortClient(fake.port, SILENT);
    const sink = makeSink();
    const seen: string[] = [];
    const trap = (name: string) => ({
      configurable: true,
      get: () => void seen.push(name),
      set: () => void seen.push(name),
    });
    for (const name of ['credit', 'transfer', 'chunk', 'then', 'value']) {
      Object.defineProperty(Object.prototype, name, trap(name));
    }
    try {
      const call = client.call(REQUEST, sink);
      fake.receive(chunk(1, 0));
      call.grant(1);
      fake.receive({ kind: 'result', id: 1, value: 1 });
    } finally {
      for (const name of ['credit', 'transfer', 'chunk', 'then', 'value'])
        Reflect.deleteProperty(Object.prototype, name);
    }
    expect(seen).toEqual([]);
    expect(sink.ends).toEqual([{ ok: true, value: 1 }]);
  });
});

describe('callMethod', () => {
  it('keeps nothing after 10,000 calls', async () => {
    const fake = makePort();
    const client = createPortClient(fake.port, SILENT);
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1;
      return addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      return removeEventListener.apply(signal, args);
    };
    for (let n = 1; n <= 10_000; n++) {
      const call = callMethod(client, infer, PARAMS, { signal });
      if (n % 3 === 0) fake.receive({ kind: 'error', id: n, error: ABORTED });
      else fake.receive({ kind: 'result', id: n, value: RESULT });
      await call.catch(() => {});
      fake.sent.length = 0;
    }
    expect(client.pending).toBe(0);
    expect(listeners).toBe(0);
  });

  it('rejects with the reason of a signal, before or during the call', async () => {
    const fake = makePort();
    const client = createPortClient(fake.port, SILENT);
    const reason = new Error('mine');
    await expect(callMethod(client, infer, PARAMS, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(fake.sent).toEqual([]);
    const controller = new AbortController();
    const call = callMethod(client, infer, PARAMS, { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(fake.sent.at(-1)).toEqual({ kind: 'abort', id: 1 });
  });

  it('validates chunks and results, and grants as it reads', async () => {
    const fake = makePort();
    const client = createPortClient(fake.port, SILENT);
    const chunks: unknown[] = [];
    const call = callMethod(client, stream, PARAMS, { credit: 1, onChunk: (value) => chunks.push(value) });
    fake.receive({ kind: 'chunk', id: 1, seq: 0, value: { text: 'h', tokens: 1 } });
    expect(fake.sent.at(-1)).toEqual({ kind: 'credit', id: 1, credit: 1 });
    fake.receive({ kind: 'result', id: 1, value: RESULT });
    expect(await call).toEqual(RESULT);
    expect(chunks).toEqual([{ text: 'h', tokens: 1 }]);
    const forged = callMethod(client, infer, PARAMS);
    fake.receive({ kind: 'result', id: 2, value: { text: 1 } });
    await expect(forged).rejects.toMatchObject({ code: 'internal' });
  });
});
