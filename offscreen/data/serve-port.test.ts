import { describe, expect, it } from 'vitest';
import { callMethod } from '../../src/protocol/call.ts';
import { createPortClient } from '../../src/protocol/client.ts';
import { infer } from '../../src/protocol/data/infer.ts';
import { run } from '../../src/protocol/data/run.ts';
import { stream } from '../../src/protocol/data/stream.ts';
import { WebplatError } from '../../src/protocol/errors.ts';
import type { GenerationResult } from '../../src/protocol/generation.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { DATA_METHODS } from '../../src/protocol/methods.ts';
import type { TensorMap } from '../../src/protocol/tensor.ts';
import { fromMessagePort } from '../../src/shared/port.ts';
import { type Answer, type DataHandlers, type ServedCall, type ServedPort, servePort } from './serve-port.ts';

const EXECUTION = { backend: 'ECHO', firstTokenMs: 1, totalMs: 2, inputTokens: 3, outputTokens: 4 } as const;
const PARAMS = { model: 'packaged:echo', task: 'text-generation', input: 'hi' } as const;
const TASK_EXECUTION = { backend: 'ECHO', totalMs: 1 } as const;
const REASON = { code: 'permission-revoked', message: 'gone' } as const;
const result = (text: string): GenerationResult => ({ text, finishReason: 'end', execution: EXECUTION });

type Envelope = { kind: string; id: number; seq?: number; value?: unknown; error?: { code: string; message: string } };

interface Bench {
  readonly served: ServedPort;
  readonly sent: Envelope[];
  readonly transfers: (Transferable[] | undefined)[];
  readonly closes: { byHost: number; heard: number };
  receive(message: unknown): void;
  call(id: number, method: string, params?: unknown, credit?: number): void;
  closeFromAfar(): void;
}

/** A served port whose other end is the test, so that every envelope can be looked at. */
function makeBench(handlers: Partial<DataHandlers>): Bench {
  const sent: Envelope[] = [];
  const transfers: (Transferable[] | undefined)[] = [];
  const closes = { byHost: 0, heard: 0 };
  let onMessage = (_message: unknown) => {};
  let onClose = () => {};
  const missing = Object.fromEntries(
    DATA_METHODS.map(({ name }) => [name, () => Promise.reject(new WebplatError('internal'))]),
  );
  const served = servePort(
    {
      post(message, transfer) {
        sent.push(structuredClone(message) as Envelope);
        transfers.push(transfer);
      },
      onMessage: (listener) => {
        onMessage = listener;
      },
      onClose: (listener) => {
        onClose = listener;
      },
      close: () => {
        closes.byHost += 1;
      },
    },
    { ...missing, ...handlers } as DataHandlers,
    {
      onClose: () => {
        closes.heard += 1;
      },
    },
  );
  return {
    served,
    sent,
    transfers,
    closes,
    receive: (message) => onMessage(message),
    call: (id, method, params = PARAMS, credit = 0) => onMessage({ kind: 'call', id, method, params, credit }),
    closeFromAfar: () => onClose(),
  };
}

/** Lets every promise that can settle do so. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A handler that the test plays itself. */
function makeManual() {
  const calls: { call: ServedCall; answer(given: Answer<GenerationResult>): void; fail(error: unknown): void }[] = [];
  const handler = (_params: unknown, call: ServedCall) =>
    new Promise<Answer<GenerationResult>>((resolve, reject) => {
      calls.push({ call, answer: resolve, fail: reject });
    });
  const at = (index: number) => {
    const found = calls[index];
    if (!found) throw new Error(`no call ${index}`);
    return found;
  };
  return { handler, calls, at };
}

describe('servePort', () => {
  it('answers a call once', async () => {
    const bench = makeBench({ infer: async () => ({ value: result('hi') }) });
    bench.call(1, 'infer');
    await settled();
    bench.receive({ kind: 'abort', id: 1 });
    bench.receive({ kind: 'credit', id: 1, credit: 1 });
    expect(bench.sent).toEqual([{ kind: 'result', id: 1, value: result('hi') }]);
    expect(bench.served.running).toBe(0);
  });

  it('joins text that waits for credit and holds the result until it was taken', async () => {
    const manual = makeManual();
    const bench = makeBench({ stream: manual.handler });
    bench.call(1, 'stream', PARAMS, 1);
    const { call, answer } = manual.at(0);
    for (const text of ['a', 'b', 'c']) call.text({ text, tokens: 1 });
    answer({ value: result('abc') });
    await settled();
    expect(bench.sent).toEqual([{ kind: 'chunk', id: 1, seq: 0, value: { text: 'a', tokens: 1 } }]);
    bench.receive({ kind: 'credit', id: 1, credit: 1 });
    expect(bench.sent.slice(1)).toEqual([
      { kind: 'chunk', id: 1, seq: 1, value: { text: 'bc', tokens: 2 } },
      { kind: 'result', id: 1, value: result('abc') },
    ]);
  });

  it('drops progress of a method that does not stream, and goes on', async () => {
    const bench = makeBench({
      run: async (_params, call) => {
        call.progress({ phase: 'ready', fraction: 1 });
        return { value: { outputs: {}, execution: TASK_EXECUTION } };
      },
    });
    bench.call(1, 'run', { model: 'packaged:echo', inputs: {} });
    await expect
      .poll(() => bench.sent)
      .toEqual([{ kind: 'result', id: 1, value: { outputs: {}, execution: TASK_EXECUTION } }]);
  });

  it('drops progress that nobody gave credit for', () => {
    const manual = makeManual();
    const bench = makeBench({ stream: manual.handler });
    bench.call(1, 'stream', PARAMS, 1);
    for (const fraction of [0, 0.5]) manual.at(0).call.progress({ phase: 'read', fraction });
    bench.receive({ kind: 'credit', id: 1, credit: 1 });
    manual.at(0).call.progress({ phase: 'ready', fraction: 1 });
    expect(bench.sent.map(({ value }) => value)).toEqual([
      { phase: 'read', fraction: 0 },
      { phase: 'ready', fraction: 1 },
    ]);
  });

  it('ends an aborted call at once and tells its handler why', async () => {
    const manual = makeManual();
    const bench = makeBench({ stream: manual.handler });
    bench.call(1, 'stream');
    bench.receive({ kind: 'abort', id: 1 });
    expect(bench.sent).toMatchObject([{ kind: 'error', id: 1, error: { code: 'aborted' } }]);
    expect(manual.at(0).call.signal.reason).toMatchObject({ code: 'aborted' });
    manual.at(0).call.text({ text: 'late', tokens: 1 });
    manual.at(0).answer({ value: result('late') });
    await settled();
    expect(bench.sent).toHaveLength(1);
  });

  it('keeps errors apart: typed ones travel, others stay unknown', async () => {
    const manual = makeManual();
    const bench = makeBench({ infer: manual.handler });
    bench.call(1, 'infer');
    bench.call(2, 'infer');
    manual.at(0).fail(new WebplatError('context-overflow', undefined, { requested: 9, quota: 8 }));
    manual.at(1).fail(new Error('/home/secret/path'));
    await settled();
    expect(bench.sent[0]).toMatchObject({
      id: 1,
      error: { code: 'context-overflow', data: { requested: 9, quota: 8 } },
    });
    expect(bench.sent[1]).toMatchObject({ id: 2, error: { code: 'internal' } });
    expect(JSON.stringify(bench.sent)).not.toContain('secret');
  });

  it('lets no malformed result or chunk out', async () => {
    const manual = makeManual();
    const bench = makeBench({ infer: manual.handler, stream: manual.handler });
    bench.call(1, 'infer');
    manual.at(0).answer({ value: { text: 1 } as unknown as GenerationResult });
    bench.call(2, 'stream', PARAMS, 4);
    manual.at(1).call.text({ text: 'x' } as unknown as { text: string; tokens: number });
    bench.call(3, 'infer', PARAMS, 4);
    manual.at(2).call.text({ text: 'infer has no text', tokens: 1 });
    await settled();
    expect(bench.sent.map(({ kind, id, error }) => [kind, id, error?.code]).sort()).toEqual([
      ['error', 1, 'internal'],
      ['error', 2, 'internal'],
      ['error', 3, 'internal'],
    ]);
    expect(manual.at(1).call.signal.aborted).toBe(true);
  });

  it('refuses what is over the cap, and counts aborted calls until their handlers let go', async () => {
    const manual = makeManual();
    const bench = makeBench({ infer: manual.handler });
    for (let id = 1; id <= LIMITS.inFlight; id++) {
      bench.call(id, 'infer');
      bench.receive({ kind: 'abort', id });
    }
    bench.call(1000, 'infer');
    expect(bench.sent.at(-1)).toMatchObject({ id: 1000, error: { code: 'busy', data: { retryAfterMs: 250 } } });
    manual.at(0).answer({ value: result('') });
    await settled();
    bench.call(1001, 'infer');
    expect(manual.calls).toHaveLength(LIMITS.inFlight + 1);
  });

  it('moves buffers out with the answer', async () => {
    const data = new ArrayBuffer(4);
    const outputs = { y: { dtype: 'float32', dims: [1], data } } as const;
    const bench = makeBench({
      run: async () => ({
        value: { outputs: { y: { ...outputs.y, dims: [1] } }, execution: TASK_EXECUTION },
        transfer: [data],
      }),
    });
    bench.call(1, 'run', { model: 'packaged:echo', inputs: {} });
    await settled();
    expect(bench.sent[0]).toMatchObject({ kind: 'result', id: 1 });
    expect(bench.transfers[0]).toEqual([data]);
  });

  it('ends a session: open calls fail with the reason, the page hears of it, the port closes', () => {
    const manual = makeManual();
    const bench = makeBench({ stream: manual.handler });
    bench.call(1, 'stream');
    bench.call(2, 'stream');
    bench.served.end(REASON);
    bench.served.end(REASON);
    bench.call(3, 'stream');
    expect(bench.sent).toEqual([
      { kind: 'error', id: 1, error: REASON },
      { kind: 'error', id: 2, error: REASON },
      { kind: 'event', event: 'session-ended', reason: REASON },
    ]);
    expect(manual.at(1).call.signal.reason).toMatchObject({ code: 'permission-revoked' });
    expect(bench.closes).toEqual({ byHost: 1, heard: 0 });
  });

  it('aborts everything when the page goes away', () => {
    const manual = makeManual();
    const bench = makeBench({ stream: manual.handler });
    bench.call(1, 'stream');
    bench.closeFromAfar();
    bench.closeFromAfar();
    expect(manual.at(0).call.signal.aborted).toBe(true);
    expect(bench.sent).toEqual([]);
    expect(bench.closes.heard).toBe(1);
  });
});

describe('hostile envelopes', () => {
  const deep = () => {
    let value: unknown = 'x';
    for (let n = 0; n < 100; n++) value = [value];
    return value;
  };
  it.each([
    ['an unknown method', 'no.such', PARAMS, 'unknown-method'],
    ['a method of another channel', 'session.open', PARAMS, 'unknown-method'],
    ['a name from Object.prototype', 'toString', PARAMS, 'unknown-method'],
    ['a missing field', 'infer', { model: 'packaged:echo' }, 'invalid-request'],
    ['an unknown field', 'infer', { ...PARAMS, extra: 1 }, 'invalid-request'],
    ['NaN', 'infer', { ...PARAMS, options: { temperature: Number.NaN } }, 'invalid-request'],
    ['a huge text', 'infer', { ...PARAMS, input: 'x'.repeat(LIMITS.textChars + 1) }, 'invalid-request'],
    ['a huge list', 'infer', { ...PARAMS, input: Array(5000).fill(0) }, 'invalid-request'],
    ['deep nesting', 'infer', deep(), 'invalid-request'],
    ['no params', 'infer', undefined, 'invalid-request'],
    ['an empty prompt', 'infer', { ...PARAMS, input: '' }, 'invalid-request'],
  ])('refuses %s', (_what, method, params, code) => {
    const bench = makeBench({});
    bench.receive({ kind: 'call', id: 7, method, params, credit: 0 });
    expect(bench.sent).toMatchObject([{ kind: 'error', id: 7, error: { code } }]);
  });

  it.each([null, 3, 'call', [], { kind: 'call' }, { kind: 'credit', id: 1, credit: -1 }, { kind: 'abort', id: 'x' }])(
    'ignores %j',
    (message) => {
      const bench = makeBench({});
      bench.receive(message);
      expect(bench.sent).toEqual([]);
    },
  );

  it('tells the caller of a call whose envelope is malformed', () => {
    const bench = makeBench({});
    bench.receive({ kind: 'call', id: 5, method: 'infer', params: PARAMS, credit: 1e9 });
    expect(bench.sent).toMatchObject([{ kind: 'error', id: 5, error: { code: 'invalid-request' } }]);
  });

  it('does not let a duplicate id touch the open call', async () => {
    const manual = makeManual();
    const bench = makeBench({ infer: manual.handler });
    bench.call(1, 'infer');
    bench.call(1, 'infer');
    bench.receive({ kind: 'call', id: 1, method: 'infer', credit: -5 });
    expect(manual.calls).toHaveLength(1);
    manual.at(0).answer({ value: result('one') });
    await settled();
    expect(bench.sent).toEqual([{ kind: 'result', id: 1, value: result('one') }]);
  });
});

/** A small deterministic generator: mulberry32. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('exactly one end, whatever happens in which order', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('seed %i', async (seed) => {
    const random = makeRandom(seed);
    const manual = makeManual();
    const bench = makeBench({ stream: manual.handler });
    const ids = Array.from({ length: 8 }, (_, index) => index + 1);
    const said = new Map<number, string>();
    const taken = new Set<number>();
    for (const id of ids) bench.call(id, 'stream', PARAMS, Math.floor(random() * 3));
    const pick = () => ids[Math.floor(random() * ids.length)] ?? 1;
    for (let step = 0; step < 200; step++) {
      const id = pick();
      const { call, answer, fail } = manual.at(id - 1);
      const dice = random();
      if (dice < 0.55 && !taken.has(id)) {
        call.text({ text: `${step},`, tokens: 1 });
        said.set(id, `${said.get(id) ?? ''}${step},`);
      } else if (dice < 0.8) bench.receive({ kind: 'credit', id, credit: 1 });
      else if (dice < 0.86) bench.receive({ kind: 'abort', id });
      else if (dice < 0.93) {
        taken.add(id);
        answer({ value: result('done') });
      } else if (dice < 0.96) {
        taken.add(id);
        fail(new WebplatError('engine-failed'));
      } else bench.call(id, 'nonsense');
      if (random() < 0.3) await settled();
    }
    for (const id of ids) {
      manual.at(id - 1).answer({ value: result('done') });
      for (let n = 0; n < 2; n++) {
        await settled();
        bench.receive({ kind: 'credit', id, credit: 1 });
      }
    }
    for (const id of ids) {
      const own = bench.sent.filter((envelope) => envelope.id === id);
      // `nonsense` under the id of an ended call is a call of its own; the first end is that of ours.
      const end = own.findIndex(({ kind }) => kind !== 'chunk');
      expect(end).toBeGreaterThanOrEqual(0);
      const chunks = own.slice(0, end);
      expect(own.slice(end + 1).every(({ error }) => error?.code === 'unknown-method')).toBe(true);
      expect(chunks.map(({ seq }) => seq)).toEqual(chunks.map((_, index) => index));
      const text = chunks.map(({ value }) => (value as { text: string }).text).join('');
      if (own[end]?.kind === 'result') expect(text).toBe(said.get(id) ?? '');
      else expect((said.get(id) ?? '').startsWith(text)).toBe(true);
    }
    expect(bench.served.running).toBe(0);
  });
});

describe('over a real MessageChannel', () => {
  const connect = (handlers: Partial<DataHandlers>) => {
    const { port1, port2 } = new MessageChannel();
    const missing = Object.fromEntries(
      DATA_METHODS.map(({ name }) => [name, () => Promise.reject(new WebplatError('internal'))]),
    );
    const served = servePort(fromMessagePort(port2), { ...missing, ...handlers } as DataHandlers);
    const client = createPortClient(fromMessagePort(port1), { onEvent() {}, onClose() {} });
    return { served, client, close: () => port1.close() };
  };

  it('carries results, tensors and errors', async () => {
    const { client, close } = connect({
      infer: async ({ input }) => ({ value: result(String(input)) }),
      run: async ({ inputs }) => ({
        value: { outputs: inputs as TensorMap, execution: TASK_EXECUTION },
        transfer: Object.values(inputs as TensorMap).map(({ data }) => data),
      }),
    });
    expect((await callMethod(client, infer, PARAMS)).text).toBe('hi');
    const data = new Float32Array([1, 2]).buffer;
    const inputs = { x: { dtype: 'float32' as const, dims: [2], data } };
    const { outputs } = await callMethod(client, run, { model: 'packaged:echo', inputs }, { transfer: [data] });
    expect(data.byteLength).toBe(0);
    expect([...new Float32Array(outputs.x?.data ?? new ArrayBuffer(0))]).toEqual([1, 2]);
    await expect(callMethod(client, stream, PARAMS)).rejects.toMatchObject({ code: 'internal' });
    close();
  });

  it('streams a long text whole to a slow reader', async () => {
    const words = Array.from({ length: 2000 }, (_, index) => `w${index} `);
    const { client, close } = connect({
      stream: async (_params, call) => {
        for (const text of words) call.text({ text, tokens: 1 });
        return { value: result(words.join('')) };
      },
    });
    let text = '';
    let tokens = 0;
    const end = await callMethod(client, stream, PARAMS, {
      credit: 1,
      onChunk: (chunk) => {
        if (!('text' in chunk)) return;
        text += chunk.text;
        tokens += chunk.tokens;
      },
    });
    expect(text).toBe(end.text);
    expect(tokens).toBe(words.length);
    close();
  });
});
