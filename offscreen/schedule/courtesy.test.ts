import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBusySign, createCourtesy } from './courtesy.ts';

/** A channel that delivers at once. */
class FakeChannel {
  static readonly all = new Set<FakeChannel>();
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
    FakeChannel.all.add(this);
  }
  postMessage(data: unknown) {
    for (const other of FakeChannel.all) if (other !== this && other.name === this.name) other.onmessage?.({ data });
  }
}

beforeEach(() => {
  FakeChannel.all.clear();
  vi.useFakeTimers();
  vi.stubGlobal('BroadcastChannel', FakeChannel);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** How long a rest takes. */
async function restMs({ rest }: ReturnType<typeof createCourtesy>): Promise<number> {
  const start = performance.now();
  const resting = rest();
  await vi.runOnlyPendingTimersAsync();
  await resting;
  return performance.now() - start;
}

it('rests twice as long as it worked while requests are computed, and never long', async () => {
  const courtesy = createCourtesy();
  const sign = createBusySign();
  vi.advanceTimersByTime(5_000);
  courtesy.begin();
  vi.advanceTimersByTime(40);
  sign(true);
  vi.advanceTimersByTime(10);
  const resting = courtesy.rest();
  const ended = vi.fn();
  void resting.then(ended);
  await vi.advanceTimersByTimeAsync(99);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  const start = performance.now();
  void courtesy.rest().then(ended);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ended).toHaveBeenCalledTimes(2);
  expect(performance.now() - start).toBe(1_000);
  sign(false);
});

it('does not rest when nobody computes, or nobody says so any more', async () => {
  const courtesy = createCourtesy();
  vi.advanceTimersByTime(500);
  expect(await restMs(courtesy)).toBe(0);
  const sign = createBusySign();
  sign(true);
  sign(false);
  vi.advanceTimersByTime(500);
  expect(await restMs(courtesy)).toBe(0);
  new FakeChannel('webplat-busy').postMessage(true);
  vi.advanceTimersByTime(1_001);
  expect(await restMs(courtesy)).toBe(0);
});
