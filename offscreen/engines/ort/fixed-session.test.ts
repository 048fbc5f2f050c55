import { type InferenceSession, Tensor } from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { createFixedSessions, type FixedSession } from './fixed-session.ts';
import type { Sizes } from './fixed-sizes.ts';
import type { OrtModule } from './runtime.ts';

const graph = {
  inputs: [
    { name: 'input_ids', element: 'int64', dims: ['batch', 'tokens'] },
    { name: 'attention_mask', element: 'int64', dims: ['batch', 'tokens'] },
  ],
  outputs: [{ name: 'states', element: 'float32', dims: ['batch', 'tokens'] }],
  most: { tokens: 40 },
} as const;

/** A session that answers with ids as floats, and keeps what it was fed. */
function makeSession(log: string[], label: string, breaks = false): InferenceSession {
  return {
    run: async ({ input_ids: ids }: Record<string, Tensor>) => {
      if (breaks) throw new Error('Not so many after all.');
      log.push(`${label} ran [${ids?.dims}]`);
      return { states: new Tensor('float32', Float32Array.from(ids?.data as BigInt64Array, Number), ids?.dims ?? []) };
    },
    release: async () => void log.push(`${label} left`),
  } as unknown as InferenceSession;
}

function make({
  share = { nodes: 9, webnnNodes: 9 },
  refuse = () => false,
  breaks = () => false,
}: {
  share?: Omit<FixedSession, 'session'>;
  refuse?: (sizes: Sizes) => boolean;
  breaks?: (sizes: Sizes) => boolean;
} = {}) {
  const log: string[] = [];
  const sessions = createFixedSessions({
    ort: { Tensor } as unknown as OrtModule,
    component: 'text',
    graph,
    weightBytes: 1000,
    kept: 2,
    async open(sizes) {
      const label = Object.values(sizes).join('x');
      if (refuse(sizes)) throw new Error('Not that many.');
      log.push(`${label} opened`);
      return { session: makeSession(log, label, breaks(sizes)), ...share };
    },
    openAnySize: async () => makeSession(log, 'any'),
  });
  const run = async (batch: number, tokens: number) => {
    const ids = BigInt64Array.from({ length: batch * tokens }, (_, i) => BigInt(i + 1));
    const tensor = () => new Tensor('int64', ids, [batch, tokens]);
    const { states } = await sessions.run({ input_ids: tensor(), attention_mask: tensor() });
    expect(states?.dims).toEqual([batch, tokens]);
    expect(Array.from((states as Tensor).data as Float32Array)).toEqual(Array.from(ids, Number));
  };
  return { log, sessions, run };
}

describe('sessions of fixed sizes', () => {
  it('serve several sizes each, up to the most that there can be, and give back what was asked for', async () => {
    const { log, run } = make();
    await run(1, 3);
    await run(1, 9);
    await run(1, 38);
    expect(log).toEqual(['1x16 opened', '1x16 ran [1,16]', '1x16 ran [1,16]', '1x40 opened', '1x40 ran [1,40]']);
  });

  it('leave when there are too many, the one first that was not used for longest', async () => {
    const { log, sessions, run } = make();
    await run(1, 3);
    await run(2, 3);
    await run(1, 4);
    expect(sessions.bytes()).toBe(2000);
    await run(3, 3);
    expect(log.filter((line) => !line.includes('ran'))).toEqual([
      '1x16 opened',
      '2x16 opened',
      '2x16 left',
      '3x16 opened',
    ]);
    expect(sessions.bytes()).toBe(2000);
  });

  it('say that nothing ran, then that all of it did', async () => {
    const { sessions, run } = make();
    expect(sessions.placement()).toEqual({ component: 'text', nodes: 0, webnnNodes: 0 });
    await run(1, 3);
    expect(sessions.placement()).toEqual({ component: 'text', nodes: 9, webnnNodes: 9 });
  });

  it('say how much was left to the processor', async () => {
    const { sessions, run } = make({ share: { nodes: 9, webnnNodes: 7 } });
    await run(1, 3);
    expect(sessions.placement()).toEqual({
      component: 'text',
      nodes: 9,
      webnnNodes: 7,
      reason: 'WebNN did not take 2 of the nodes.',
    });
  });

  it('are not claimed where the runtime does not tell', async () => {
    const { sessions, run } = make({ share: { nodes: 0, webnnNodes: 0 } });
    await run(1, 3);
    expect(sessions.placement()).toMatchObject({ webnnNodes: 0, reason: expect.stringContaining('does not tell') });
  });

  it('run sizes on the processor that WebNN takes and then fails at, whose sessions leave', async () => {
    const { log, sessions, run } = make({ breaks: ({ batch = 0 }) => batch > 1 });
    await run(1, 3);
    await run(2, 3);
    await run(2, 3);
    expect(log).toEqual([
      '1x16 opened',
      '1x16 ran [1,16]',
      '2x16 opened',
      '2x16 left',
      'any ran [2,3]',
      'any ran [2,3]',
    ]);
    expect(sessions.bytes()).toBe(1000);
    expect(sessions.placement()).toMatchObject({ webnnNodes: 0, reason: expect.stringContaining('after all') });
  });

  it('run sizes on the processor that WebNN refuses, are not asked twice, and say so for good', async () => {
    const { log, sessions, run } = make({ refuse: ({ batch }) => batch === 2 });
    await run(2, 3);
    await run(2, 3);
    await run(1, 3);
    expect(log).toEqual(['any ran [2,3]', 'any ran [2,3]', '1x16 opened', '1x16 ran [1,16]']);
    expect(sessions.placement()).toEqual({
      component: 'text',
      nodes: 0,
      webnnNodes: 0,
      reason: 'WebNN refused {"batch":2,"tokens":16}: Not that many.',
    });
  });
});
