import { describe, expect, it, vi } from 'vitest';
import type { DataPort } from '../shared/port.ts';
import { createWatches, type WatchPort } from './watches.ts';

vi.mock('webextension-polyfill', () => ({ default: {} }));

function makeWatch() {
  let accept = (_port: WatchPort) => {};
  const watches = createWatches((given) => {
    accept = given;
  });
  const open = (first: unknown) => {
    let say = (_message: unknown) => {};
    let leave = () => {};
    const heard: unknown[] = [];
    const state = { hungUp: false };
    accept({
      name: 'webplat.watch',
      postMessage: (message: unknown) => heard.push(message),
      disconnect() {
        state.hungUp = true;
      },
      onMessage: { addListener: (listener) => (say = listener) },
      onDisconnect: { addListener: (listener) => (leave = listener) },
    });
    say(first);
    return { heard, state, leave: () => leave() };
  };
  return { watches, open };
}

function makePort() {
  const state = { closes: 0 };
  const port: DataPort = {
    post() {},
    onMessage() {},
    onClose() {},
    close: () => {
      state.closes += 1;
    },
  };
  return { port, state };
}

describe('createWatches', () => {
  it('acknowledges, and closes the port of a document that went away, once', () => {
    const { watches, open } = makeWatch();
    const watch = open({ token: 'a' });
    expect(watch.heard).toEqual([{ watching: true }]);
    const { port, state } = makePort();
    let closes = 0;
    watches.watched('a', port).onClose(() => closes++);
    watch.leave();
    watch.leave();
    expect({ heard: closes, closed: state.closes }).toEqual({ heard: 1, closed: 1 });
  });

  it('closes at once where nobody watches', async () => {
    const { watches } = makeWatch();
    const { port } = makePort();
    const closed = new Promise<void>((resolve) => watches.watched('a', port).onClose(resolve));
    await closed;
  });

  it('says that the port is served, and hangs up where it is refused', () => {
    const { watches, open } = makeWatch();
    const [served, refused] = [open({ token: 'a' }), open({ token: 'b' })];
    watches.answer('a', true);
    watches.answer('b', false);
    watches.answer('nobody', true);
    expect(served.heard).toEqual([{ watching: true }, { attached: true }]);
    expect(served.state.hungUp).toBe(false);
    expect(refused.state.hungUp).toBe(true);
  });

  it('keeps quiet about a port that was closed on this side', () => {
    const { watches, open } = makeWatch();
    const watch = open({ token: 'a' });
    const { port } = makePort();
    let closes = 0;
    const watched = watches.watched('a', port);
    watched.onClose(() => closes++);
    watched.close();
    watch.leave();
    expect(closes).toBe(0);
  });

  it('keeps a newer watch of the same session when the older one goes', () => {
    const { watches, open } = makeWatch();
    const older = open({ token: 'a' });
    open({ token: 'a' });
    older.leave();
    const { port, state } = makePort();
    watches.watched('a', port);
    expect(state.closes).toBe(0);
  });

  it.each([undefined, null, 7, {}, { token: 7 }, { token: 'x'.repeat(65) }])('ignores the opening %j', (first) => {
    expect(makeWatch().open(first).heard).toEqual([]);
  });
});
