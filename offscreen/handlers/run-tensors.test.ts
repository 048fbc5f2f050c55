import { describe, expect, it } from 'vitest';
import { MOVE_FROM_BYTES } from '../../src/protocol/element-bytes.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { WireTensor } from '../../src/protocol/tensor.ts';
import { makeCall, setUp } from '../../test/support/data-handlers.ts';
import { makeFakeTime, makeManifest } from '../../test/support/fake-engine.ts';
import { makeCaveats, makeTerms } from '../../test/support/make-terms.ts';
import { createKeptTensors } from '../sessions/kept-tensors.ts';
import { createDataHandlers } from './data-handlers.ts';

const model = 'packaged:m';
const bytes = (...values: number[]): WireTensor => tensorOf(new Uint8Array(values).buffer);
const zeros = (length: number): WireTensor => tensorOf(new ArrayBuffer(length));
const tensorOf = (data: ArrayBuffer): WireTensor => ({ dtype: 'uint8', dims: [data.byteLength], data });
const valuesOf = (tensor: WireTensor | undefined) => [...new Uint8Array(tensor?.data ?? new ArrayBuffer(0))];

/** Keeps inputs, which the fake engine answers as they are. */
async function keep(handlers: ReturnType<typeof setUp>['handlers'], inputs: Record<string, WireTensor>) {
  const { value } = await handlers.run({ model, inputs, keep: true }, makeCall().call);
  return Object.values(value.kept ?? {}).map(({ kept }) => kept);
}

it('returns outputs with large buffers ready to be moved and small ones as part of the message', async () => {
  const { handlers } = setUp();
  const [small, large] = [zeros(8), zeros(MOVE_FROM_BYTES)];
  const answer = await handlers.run({ model, inputs: { small, large } }, makeCall().call);
  expect(answer.value.outputs.small?.data).toBe(small.data);
  expect(answer.value).not.toHaveProperty('kept');
  expect(answer.transfer).toEqual([large.data]);
});

describe('a kept output', () => {
  it('does not travel, and is what a later run is fed with, as often as wanted', async () => {
    const { handlers } = setUp();
    const inputs = { a: bytes(1, 2, 3), b: bytes(4) };
    const { value } = await handlers.run({ model, inputs, keep: ['a'] }, makeCall().call);
    expect(Object.keys(value.outputs)).toEqual(['b']);
    expect(value.kept).toEqual({ a: { kept: expect.stringMatching(/^[0-9a-f]{32}$/), dtype: 'uint8', dims: [3] } });
    const kept = value.kept?.a?.kept ?? '';
    for (let time = 0; time < 2; time += 1) {
      const again = await handlers.run({ model, inputs: { x: { kept }, y: bytes(9) } }, makeCall().call);
      expect(valuesOf(again.value.outputs.x)).toEqual([1, 2, 3]);
      expect(valuesOf(again.value.outputs.y)).toEqual([9]);
      // A run may detach what it is fed with, and the page gets its buffers: neither may empty what is kept.
      structuredClone(again.value.outputs.x?.data, { transfer: [again.value.outputs.x?.data ?? new ArrayBuffer(0)] });
    }
    const read = await handlers['tensor.read']({ kept }, makeCall().call);
    expect(valuesOf(read.value.tensor)).toEqual([1, 2, 3]);
  });

  it('of which a buffer is sent too keeps one of its own', async () => {
    const { handlers } = setUp();
    const both = zeros(MOVE_FROM_BYTES);
    const answer = await handlers.run({ model, inputs: { a: both, b: both }, keep: ['a'] }, makeCall().call);
    expect(answer.transfer).toEqual([both.data]);
    structuredClone(both.data, { transfer: [both.data] });
    const kept = answer.value.kept?.a?.kept ?? '';
    const { value } = await handlers['tensor.read']({ kept }, makeCall().call);
    expect(value.tensor.data.byteLength).toBe(MOVE_FROM_BYTES);
  });

  it('is forgotten when it is released, which may be said twice', async () => {
    const { handlers, session } = setUp();
    const [kept = ''] = await keep(handlers, { a: bytes(1, 2, 3) });
    expect(session.kept.bytes).toBe(3);
    await handlers['tensor.release']({ kept }, makeCall().call);
    await handlers['tensor.release']({ kept }, makeCall().call);
    expect(session.kept.bytes).toBe(0);
    await expect(handlers['tensor.read']({ kept }, makeCall().call)).rejects.toMatchObject({ code: 'tensor-unknown' });
  });

  it('is nothing to another document of the same site', async () => {
    const { handlers, sessions, services } = setUp();
    const [kept = ''] = await keep(handlers, { a: bytes(1) });
    const terms = makeTerms();
    sessions.start(terms);
    const stranger = sessions.get(terms.token);
    if (!stranger) throw new Error('the session was just started');
    const others = createDataHandlers(services, stranger);
    await expect(others['tensor.read']({ kept }, makeCall().call)).rejects.toMatchObject({ code: 'tensor-unknown' });
    await others['tensor.release']({ kept }, makeCall().call);
    const run = others.run({ model, inputs: { x: { kept } } }, makeCall().call);
    await expect(run).rejects.toMatchObject({ code: 'tensor-unknown' });
    expect((await handlers['tensor.read']({ kept }, makeCall().call)).value.tensor.dims).toEqual([1]);
  });

  it('that is unknown is refused before anything is loaded or counted', async () => {
    const { handlers, services, session } = setUp();
    const run = handlers.run({ model, inputs: { x: { kept: '0'.repeat(32) } } }, makeCall().call);
    await expect(run).rejects.toMatchObject({ code: 'tensor-unknown' });
    expect(services.pool.residents()).toEqual([]);
    expect(session.used.calls).toBe(0);
  });

  it('is not copied into more than the inputs of one run may hold, however often it is named', async () => {
    const { handlers, session } = setUp();
    const [kept = ''] = await keep(handlers, { a: zeros(LIMITS.tensorBytes / 2) });
    const inputs = (names: number) =>
      Object.fromEntries(Array.from({ length: names }, (_, at) => [`x${at}`, { kept }]));
    const { calls } = session.used;
    await expect(handlers.run({ model, inputs: inputs(256) }, makeCall().call)).rejects.toMatchObject({
      code: 'invalid-request',
      data: { field: 'inputs' },
    });
    await expect(handlers.run({ model, inputs: { ...inputs(2), y: bytes(1) } }, makeCall().call)).rejects.toMatchObject(
      { code: 'invalid-request' },
    );
    expect(session.used.calls).toBe(calls);
    const { value } = await handlers.run({ model, inputs: inputs(2) }, makeCall().call);
    expect(Object.keys(value.outputs)).toEqual(['x0', 'x1']);
  });

  it('is read as often as requests may be made, and no longer than they may', async () => {
    const grants = [makeCaveats({ maxRatePerMinute: 3 })];
    const { handlers, time } = setUp({}, makeTerms({ grants }));
    const [kept = ''] = await keep(handlers, { a: bytes(1) });
    const read = () => handlers['tensor.read']({ kept }, makeCall().call);
    await read();
    await read();
    await expect(read()).rejects.toMatchObject({ code: 'limit-rate' });
    time.advance(60_001);
    expect(valuesOf((await read()).value.tensor)).toEqual([1]);
  });

  it('ends with the session', async () => {
    const { handlers, sessions, session, terms } = setUp();
    await keep(handlers, { a: bytes(1) });
    sessions.end(terms.token, { code: 'session-ended', message: '' });
    expect(session.kept.bytes).toBe(0);
  });

  it('goes when the permission for its model is withdrawn or runs out, and only then', async () => {
    const lasts = 5_000;
    const grants = [makeCaveats({ expiry: makeFakeTime().now() + lasts }), makeCaveats({ models: ['packaged:other'] })];
    const { handlers, models, sessions, session, terms, time } = setUp({}, makeTerms({ grants }));
    models.set('packaged:other', makeManifest('packaged:other'));
    await keep(handlers, { a: bytes(1) });
    await handlers.run({ model: 'packaged:other', inputs: { b: bytes(1, 2) }, keep: true }, makeCall().call);
    expect(session.kept.bytes).toBe(3);
    time.advance(lasts);
    expect(session.kept.bytes).toBe(2);
    sessions.start({ ...terms, grants: [] });
    expect(session.kept.bytes).toBe(0);
  });
});

describe('what is kept', () => {
  it('is told with the memory that the site holds', async () => {
    const { handlers, usage, reports } = setUp();
    await keep(handlers, { a: zeros(1000) });
    await usage.flush();
    expect(reports).toMatchObject([{ residentBytes: 1000 }]);
    await keep(handlers, { a: zeros(24) });
    await usage.flush();
    expect(reports.at(-1)).toMatchObject({ residentBytes: 1024 });
  });

  it('names outputs that there are, or nothing is kept', async () => {
    const { handlers, session } = setUp();
    const run = handlers.run({ model, inputs: { a: bytes(1), b: bytes(2) }, keep: ['a', 'toString'] }, makeCall().call);
    await expect(run).rejects.toMatchObject({ code: 'invalid-request', message: expect.stringContaining('a, b') });
    expect(session.kept.bytes).toBe(0);
  });

  it('counts as memory that the site holds, over all its documents', async () => {
    const grants = [makeCaveats({ maxMemoryBytes: 100_000 })];
    const { handlers, sessions, services, session } = setUp({}, makeTerms({ grants }));
    const used = services.pool.estimate(makeManifest(model), undefined);
    const room = 100_000 - used.gpuBytes - used.cpuBytes;
    const [kept = ''] = await keep(handlers, { a: zeros(room) });
    await expect(keep(handlers, { a: zeros(1) })).rejects.toMatchObject({ code: 'limit-memory' });
    const terms = makeTerms({ grants });
    sessions.start(terms);
    const sibling = sessions.get(terms.token);
    if (!sibling) throw new Error('the session was just started');
    const others = createDataHandlers(services, sibling);
    await expect(keep(others, { a: zeros(1) })).rejects.toMatchObject({ code: 'limit-memory' });
    await handlers['tensor.release']({ kept }, makeCall().call);
    expect(session.kept.bytes).toBe(0);
    expect(await keep(others, { a: zeros(1) })).toHaveLength(1);
  });

  it('is bounded for each document in number and size, and all of a run is kept or nothing', async () => {
    const { handlers, session } = setUp();
    const many = Object.fromEntries(Array.from({ length: LIMITS.keptTensors - 1 }, (_, at) => [`t${at}`, bytes(1)]));
    await keep(handlers, many);
    await expect(keep(handlers, { a: bytes(1), b: bytes(2) })).rejects.toMatchObject({ code: 'busy' });
    expect(session.kept.bytes).toBe(LIMITS.keptTensors - 1);
    await keep(handlers, { a: bytes(1) });

    const keeper = createKeptTensors();
    expect(() => keeper.assertRoom([zeros(LIMITS.tensorBytes)])).not.toThrow();
    // What can be kept can be read and fed.
    expect(() => keeper.assertRoom([zeros(LIMITS.tensorBytes + 1)])).toThrow('too large to be kept');

    const other = setUp();
    const whole = LIMITS.keptBytes / LIMITS.tensorBytes;
    for (let time = 0; time < whole; time += 1) await keep(other.handlers, { a: zeros(LIMITS.tensorBytes) });
    await expect(keep(other.handlers, { a: bytes(1) })).rejects.toMatchObject({
      code: 'limit-memory',
      data: { quota: LIMITS.keptBytes },
    });
  });

  it('is nothing where the run was stopped', async () => {
    const { handlers, session } = setUp();
    const { call, abort } = makeCall();
    abort();
    await expect(handlers.run({ model, inputs: { a: bytes(1) }, keep: true }, call)).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(session.kept.bytes).toBe(0);
  });
});
