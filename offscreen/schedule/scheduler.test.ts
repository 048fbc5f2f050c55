import { describe, expect, it } from 'vitest';
import { WebplatError } from '../../src/protocol/errors.ts';
import { createScheduler, type Slot } from './scheduler.ts';

const live = () => new AbortController().signal;

/** Enters a request and notes in `order` when it got its slot. */
function makeQueue(slots: number) {
  const scheduler = createScheduler();
  const order: string[] = [];
  const open = new Map<string, Slot>();
  const enter = (site: string, label = site, signal = live()) =>
    scheduler.enter({ model: 'm', slots, site, signal }).then((slot) => {
      order.push(label);
      open.set(label, slot);
    });
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  const end = async (label: string, computeMs = 0) => {
    open.get(label)?.charge(computeMs);
    open.get(label)?.end();
    await settle();
  };
  return { scheduler, order, enter, end, settle };
}

describe('scheduler', () => {
  it('runs the requests of one site in order, as many at once as there are slots', async () => {
    const queue = makeQueue(1);
    for (const label of ['1', '2', '3']) void queue.enter('a', label);
    await queue.settle();
    expect(queue.order).toEqual(['1']);
    await queue.end('1');
    await queue.end('2');
    expect(queue.order).toEqual(['1', '2', '3']);
  });

  it('prefers the site that used less device time, however many requests the other has waiting', async () => {
    const queue = makeQueue(1);
    for (const label of ['a1', 'a2', 'a3']) void queue.enter('a', label);
    void queue.enter('b', 'b1');
    void queue.enter('b', 'b2');
    await queue.settle();
    await queue.end('a1', 100);
    await queue.end('b1', 30);
    await queue.end('b2', 80);
    expect(queue.order).toEqual(['a1', 'b1', 'b2', 'a2']);
  });

  it('keeps the last of several slots for another site', async () => {
    const queue = makeQueue(3);
    for (const label of ['a1', 'a2', 'a3']) void queue.enter('a', label);
    await queue.settle();
    expect(queue.order).toEqual(['a1', 'a2']);
    void queue.enter('b', 'b1');
    await queue.settle();
    expect(queue.order).toEqual(['a1', 'a2', 'b1']);
  });

  it('gives a newcomer no credit for the time it was away', async () => {
    const queue = makeQueue(1);
    void queue.enter('a', 'a1');
    void queue.enter('a', 'a2');
    await queue.settle();
    void queue.enter('b', 'b1');
    await queue.end('a1', 1000);
    await queue.end('b1', 10);
    void queue.enter('a', 'a3');
    void queue.enter('late', 'late1');
    void queue.enter('late', 'late2');
    await queue.settle();
    await queue.end('a2', 0);
    await queue.end('a3', 0);
    expect(queue.order).toEqual(['a1', 'b1', 'a2', 'a3', 'late1']);
  });

  it('remembers what a site used when it leaves and comes back while others are present', async () => {
    const queue = makeQueue(1);
    void queue.enter('a', 'a1');
    void queue.enter('b', 'b1');
    void queue.enter('b', 'b2');
    await queue.settle();
    await queue.end('a1', 1000);
    void queue.enter('a', 'a2');
    await queue.settle();
    await queue.end('b1', 10);
    expect(queue.order).toEqual(['a1', 'b1', 'b2']);
  });

  it('lets a waiting request leave when its caller aborts, and does not start it later', async () => {
    const queue = makeQueue(1);
    const leaving = new AbortController();
    void queue.enter('a', 'a1');
    await queue.settle();
    const waiting = queue.enter('a', 'a2', leaving.signal);
    leaving.abort(new WebplatError('aborted'));
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await queue.end('a1');
    expect(queue.order).toEqual(['a1']);
    expect(queue.scheduler.waiting).toBe(0);
  });

  it('refuses a site whose queue is full and goes on serving the others', async () => {
    const queue = makeQueue(1);
    for (let n = 0; n < 257; n += 1) void queue.enter('a', `a${n}`);
    await queue.settle();
    await expect(queue.enter('a', 'one too many')).rejects.toMatchObject({ code: 'busy' });
    void queue.enter('b', 'b1');
    await queue.end('a0', 1);
    expect(queue.order).toEqual(['a0', 'b1']);
  });

  it('ends a slot once, even when it is ended twice', async () => {
    const queue = makeQueue(1);
    void queue.enter('a', 'a1');
    for (const label of ['b1', 'b2']) void queue.enter('b', label);
    await queue.settle();
    await queue.end('a1');
    await queue.end('a1');
    expect(queue.order).toEqual(['a1', 'b1']);
  });
});
