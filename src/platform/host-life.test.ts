import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createLifeline, hangUpForHost } from './host-life.ts';

const SELF = 'chrome-extension://self';
const HOST = { id: 'self', url: `${SELF}/offscreen/index.html` };
const PAGE = { id: 'self', url: 'https://site.example/', tab: { id: 1 } };

const world = vi.hoisted(() => ({ accept: (_port: unknown) => {}, connected: [] as { end(): void }[] }));

function makePort(name: string, sender?: unknown) {
  const state = { hungUp: false, end: () => {} };
  const port = {
    name,
    sender,
    disconnect: () => {
      state.hungUp = true;
    },
    onDisconnect: { addListener: (listener: () => void) => (state.end = listener) },
  };
  return { port, state };
}

vi.mock('webextension-polyfill', () => ({
  default: {
    runtime: {
      id: 'self',
      getURL: () => `${SELF}/`,
      onConnect: { addListener: (listener: (port: unknown) => void) => (world.accept = listener) },
      connect: ({ name }: { name: string }) => {
        const { port, state } = makePort(name);
        world.connected.push({ end: () => state.end() });
        return port;
      },
    },
  },
}));

function connect(name: string, sender: unknown) {
  const { port, state } = makePort(name, sender);
  world.accept(port);
  return state;
}

describe('hangUpForHost', () => {
  beforeEach(() => hangUpForHost());

  it('ends the ports of documents when the host goes away, and no others', () => {
    const host = connect('webplat.host', HOST);
    const states = ['webplat.watch', 'webplat.data', 'webplat.control'].map((name) => connect(name, PAGE));
    expect(states.map(({ hungUp }) => hungUp)).toEqual([false, false, false]);
    host.end();
    expect(states.map(({ hungUp }) => hungUp)).toEqual([true, true, false]);
  });

  it('believes nobody else to be the host', () => {
    const watch = connect('webplat.watch', PAGE);
    const stranger = connect('webplat.host', PAGE);
    expect(stranger.hungUp).toBe(true);
    stranger.end();
    expect(watch.hungUp).toBe(false);
  });
});

describe('createLifeline', () => {
  it('opens one port to each background', () => {
    const show = createLifeline();
    show();
    show();
    expect(world.connected).toHaveLength(1);
    world.connected[0]?.end();
    show();
    expect(world.connected).toHaveLength(2);
  });
});
