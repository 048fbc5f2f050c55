import { beforeEach, describe, expect, it } from 'vitest';
import { createDelayGuard } from './delay-guard.ts';

/** A clock and a timer that move only when told to. */
function makeTime() {
  let now = 0;
  let pending: { at: number; task: () => void } | undefined;
  return {
    now: () => now,
    schedule(task: () => void, ms: number) {
      const mine = { at: now + ms, task };
      pending = mine;
      return () => {
        if (pending === mine) pending = undefined;
      };
    },
    advance(ms: number) {
      now += ms;
      while (pending && pending.at <= now) {
        const { task } = pending;
        pending = undefined;
        task();
      }
    },
    /** Fires the timer early, as browsers may by a fraction of a millisecond. */
    fireEarly() {
      const task = pending?.task;
      pending = undefined;
      task?.();
    },
  };
}

describe('createDelayGuard', () => {
  let time = makeTime();
  let reports: boolean[] = [];
  const make = () =>
    createDelayGuard({
      delayMs: 700,
      now: time.now,
      schedule: time.schedule,
      onChange: (ready) => reports.push(ready),
    });
  beforeEach(() => {
    time = makeTime();
    reports = [];
  });

  it('is not ready until it was started and waited', () => {
    const guard = make();
    time.advance(10_000);
    expect(guard.ready()).toBe(false);
    guard.restart();
    time.advance(699);
    expect(guard.ready()).toBe(false);
    time.advance(1);
    expect(guard.ready()).toBe(true);
    expect(reports).toEqual([true]);
  });

  it('starts again at every disturbance', () => {
    const guard = make();
    guard.restart();
    for (let i = 0; i < 5; i++) {
      time.advance(600);
      guard.restart();
    }
    expect(guard.ready()).toBe(false);
    time.advance(700);
    expect(guard.ready()).toBe(true);
    guard.restart();
    expect(guard.ready()).toBe(false);
    expect(reports).toEqual([true, false]);
  });

  it('does not believe a timer that fires early', () => {
    const guard = make();
    guard.restart();
    time.advance(300);
    time.fireEarly();
    expect(guard.ready()).toBe(false);
    expect(reports).toEqual([]);
    time.advance(400);
    expect(reports).toEqual([true]);
  });

  it('holds while the window is hidden, however long', () => {
    const guard = make();
    guard.restart();
    time.advance(700);
    guard.hold();
    time.advance(60_000);
    expect(guard.ready()).toBe(false);
    expect(reports).toEqual([true, false]);
  });
});
