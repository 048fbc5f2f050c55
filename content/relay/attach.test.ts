import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WatchEvents } from '../../src/platform/port.ts';
import { createAttacher } from './attach.ts';

const host = vi.hoisted(() => ({ events: [] as WatchEvents[], hungUp: 0, isLost: false }));

vi.mock('../../src/platform/port.ts', () => ({
  WATCH_PORT: 'webplat.watch',
  connectRuntime: () => ({ disconnect: () => (host.hungUp += 1) }),
  offerWatch: async (_port: unknown, _token: string, events: WatchEvents) => void host.events.push(events),
}));
vi.mock('./bridge-frame.ts', () => ({
  handOver: async (_token: string, _page: MessagePort, attached: Promise<void>) => {
    if (host.isLost) return 'lost';
    await attached;
    return 'attached';
  },
}));

describe('createAttacher', () => {
  const lost: number[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    lost.length = 0;
    host.events.length = 0;
    host.hungUp = 0;
    host.isLost = false;
  });
  afterEach(() => void vi.useRealTimers());

  const attach = async () => {
    const attacher = createAttacher();
    attacher.onLost((connection) => lost.push(connection));
    const number = attacher.attach('a'.repeat(32), new MessageChannel().port1);
    await vi.advanceTimersByTimeAsync(0);
    return { attacher, number, watch: host.events[0] as WatchEvents };
  };

  it('gives a connection up that the host never took', async () => {
    host.isLost = true;
    const { number } = await attach();
    expect(lost).toEqual([number]);
    expect(host.hungUp).toBe(1);
  });

  it('gives it up at once where the host refuses', async () => {
    const { number, watch } = await attach();
    watch.onLost();
    await vi.advanceTimersByTimeAsync(0);
    expect(lost).toEqual([number]);
  });

  it('keeps one that is served, until the host goes away or the page lets go', async () => {
    const { number, watch } = await attach();
    watch.onAttached();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lost).toEqual([]);
    watch.onLost();
    await vi.advanceTimersByTimeAsync(0);
    expect(lost).toEqual([number]);
    const second = await attach();
    second.attacher.forget(second.number);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lost).toEqual([number]);
    expect(host.hungUp).toBe(2);
  });
});
