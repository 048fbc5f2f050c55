import { expect, it } from 'vitest';
import { makeFakeTime } from '../../test/support/fake-engine.ts';
import type { MemoryUse } from '../engines/engine.ts';
import { watchMemory } from './memory-watch.ts';

function setUp(measured: (number | undefined)[], residents = 1) {
  const time = makeFakeTime();
  const ending = new AbortController();
  const freed: MemoryUse[] = [];
  let looks = 0;
  watchMemory({
    pool: {
      residents: () => new Array(residents).fill({}),
      async free(wanted) {
        freed.push(wanted);
      },
    },
    async measure() {
      looks += 1;
      return measured.shift();
    },
    budgetBytes: () => 1000,
    later: time.later,
    signal: ending.signal,
  });
  const minute = async () => {
    time.advance(60_000);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { freed, ending, minute, looks: () => looks };
}

it('frees what the host takes beyond the budget, and nothing else', async () => {
  const { freed, minute } = setUp([900, 1300, undefined, 1001]);
  for (let at = 0; at < 4; at += 1) await minute();
  expect(freed).toEqual([
    { gpuBytes: 0, cpuBytes: 300 },
    { gpuBytes: 0, cpuBytes: 1 },
  ]);
});

it('does not look where no model is, nor after its end', async () => {
  const empty = setUp([5000], 0);
  await empty.minute();
  expect(empty.looks()).toBe(0);
  const ended = setUp([5000]);
  ended.ending.abort();
  await ended.minute();
  expect(ended.looks()).toBe(0);
});
