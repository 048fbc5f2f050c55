import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UpEnvelope } from '../../src/protocol/envelope.ts';
import { createControl } from './control.ts';

interface FakeLine {
  readonly posted: unknown[];
  isHungUp: boolean;
  say(message: unknown): void;
}

const lines = vi.hoisted((): FakeLine[] => []);

vi.mock('../../src/platform/port.ts', () => ({
  CONTROL_PORT: 'webplat.control',
  extensionAlive: () => true,
  connectRuntime() {
    const listeners: ((message: unknown) => void)[] = [];
    const line: FakeLine = {
      posted: [],
      isHungUp: false,
      say: (message) => {
        for (const listener of listeners) listener(message);
      },
    };
    lines.push(line);
    return {
      onMessage: { addListener: (listener: (message: unknown) => void) => listeners.push(listener) },
      onDisconnect: { addListener() {} },
      postMessage: (message: unknown) => line.posted.push(message),
      disconnect: () => {
        line.isHungUp = true;
      },
    };
  },
}));

const call: UpEnvelope = { kind: 'call', id: 7, method: 'permissions.query', params: {}, credit: 0 };

describe('createControl', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('navigator', { userActivation: { isActive: false } });
    lines.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const start = () => {
    const control = createControl();
    const down: unknown[] = [];
    control.onDown((envelope) => down.push(envelope));
    control.send(call);
    const [first] = lines;
    if (!first) throw new Error('A call opens a line.');
    return { control, down, first };
  };

  it('repeats an open call at once when a background that started asks whether the document is there', () => {
    const { control, down, first } = start();
    first.say({ kind: 'heard' });
    control.hear({ channel: 'webplat.ping' });
    expect(lines).toHaveLength(2);
    expect(lines[1]?.posted).toEqual(first.posted);
    expect(first.isHungUp).toBe(false);
    lines[1]?.say({ kind: 'result', id: 7, value: {} });
    expect(first.isHungUp).toBe(true);
    expect(down).toEqual([{ kind: 'result', id: 7, value: {} }]);
  });

  it('opens no line for a ping while nothing is open', () => {
    const { control, first } = start();
    first.say({ kind: 'result', id: 7, value: {} });
    control.hear({ channel: 'webplat.ping' });
    expect(lines).toHaveLength(1);
  });

  it('repeats open calls after a silence', () => {
    const { first } = start();
    vi.advanceTimersByTime(3_000);
    expect(lines[1]?.posted).toEqual(first.posted);
  });

  it('delivers events, and nothing else that is sent one way', () => {
    const { control, down } = start();
    control.hear({ channel: 'webplat.event', envelope: { kind: 'event', event: 'permissions-changed' } });
    control.hear({ channel: 'webplat.event', envelope: { kind: 'result', id: 7, value: 'forged' } });
    control.hear(undefined);
    expect(down).toEqual([{ kind: 'event', event: 'permissions-changed' }]);
  });
});
