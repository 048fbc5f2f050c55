import { describe, expect, it, vi } from 'vitest';
import { countBusy, createBusySign } from './busy.ts';

describe('the sign that requests are computed', () => {
  it('tells changes, and nobody who does not watch any more', () => {
    const sign = createBusySign();
    const [first, second] = [vi.fn(), vi.fn()];
    const ending = new AbortController();
    sign.watch(first, ending.signal);
    sign.watch(second, new AbortController().signal);
    sign.set(true);
    sign.set(true);
    ending.abort();
    sign.set(false);
    expect(first.mock.calls).toEqual([[true]]);
    expect(second.mock.calls).toEqual([[true], [false]]);
    sign.watch(first, AbortSignal.abort());
    sign.set(true);
    expect(first).toHaveBeenCalledTimes(1);
  });

  it('is raised with the first request, and lowered a while after the last one', () => {
    const sign = createBusySign();
    let task: (() => void) | undefined;
    const later = (given: () => void) => {
      task = given;
      return () => {
        task = undefined;
      };
    };
    const count = countBusy(sign, later);
    count.enter();
    count.enter();
    count.leave();
    expect(task).toBeUndefined();
    count.leave();
    expect(sign.now).toBe(true);
    // The next one comes before the while is over.
    count.enter();
    expect(task).toBeUndefined();
    count.leave();
    task?.();
    expect(sign.now).toBe(false);
  });
});
