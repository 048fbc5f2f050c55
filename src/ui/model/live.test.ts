import { expect, it } from 'vitest';
import { createLive } from './live.ts';

/** A fetch whose answers come when the test says so, and a timer that fires when the test says so. */
function makeLive(nextAfterMs: (value: number) => number | undefined = () => undefined) {
  const waiting: { resolve(value: number): void; reject(reason: Error): void }[] = [];
  const values: number[] = [];
  const errors: unknown[] = [];
  const timers = new Set<() => void>();
  const live = createLive<number>({
    fetch: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    onValue: (value) => values.push(value),
    onError: (error) => errors.push(error),
    nextAfterMs,
    schedule(task) {
      timers.add(task);
      return () => timers.delete(task);
    },
  });
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { live, waiting, values, errors, timers, settled };
}

it('joins requests that come while one is under way into one more', async () => {
  const { live, waiting, values, settled } = makeLive();
  live.refresh();
  live.refresh();
  expect(waiting).toHaveLength(1);
  waiting[0]?.resolve(1);
  await settled();
  expect(waiting).toHaveLength(2);
  waiting[1]?.resolve(2);
  await settled();
  expect(values).toEqual([1, 2]);
  expect(waiting).toHaveLength(2);
});

it('fetches again by itself only while the value says so', async () => {
  const { waiting, timers, settled } = makeLive((value) => (value === 1 ? 1000 : undefined));
  waiting[0]?.resolve(1);
  await settled();
  expect(timers.size).toBe(1);
  for (const task of timers) task();
  waiting[1]?.resolve(2);
  await settled();
  expect(waiting).toHaveLength(2);
});

it('reports a failure and goes on when asked', async () => {
  const { live, waiting, values, errors, settled } = makeLive();
  waiting[0]?.reject(new Error('gone'));
  await settled();
  expect(errors).toHaveLength(1);
  live.refresh();
  waiting[1]?.resolve(3);
  await settled();
  expect(values).toEqual([3]);
});

it('says nothing after it was disposed', async () => {
  const { live, waiting, values, settled } = makeLive();
  live.dispose();
  waiting[0]?.resolve(1);
  live.refresh();
  await settled();
  expect(values).toEqual([]);
  expect(waiting).toHaveLength(1);
});
