import { connectRuntime, DATA_PORT, offerData, offerWatch, WATCH_PORT } from '../../src/platform/port.ts';
import { fromMessagePort } from '../../src/shared/port.ts';
import { handOver } from './bridge-frame.ts';
import { pump } from './pump.ts';

/** Connects data ports of the page with the host. */
export interface Attacher {
  /**
   * Connects `port` to the session of `token` and answers with the connection's number; where that session is connected
   * already, closes the port and answers with the number of the connection that goes on.
   */
  attach(token: string, port: MessagePort): number;
  /** Ends the connection of that number, or any: whatever session is opened next gets its port connected. */
  forget(connection?: number): void;
  /** Sets who hears that the host is out of reach; not of connections that were ended here. */
  onLost(listener: (connection: number) => void): void;
}

/** The host is up before a session opens; this is only for one that dies in between. */
const WATCH_DEADLINE_MS = 3_000;

export function createAttacher(): Attacher {
  let current: { readonly token: string; readonly number: number; readonly stop: AbortController } | undefined;
  // A relay that comes later into the same document, after an update, numbers on from higher up.
  let last = Math.round(performance.now() * 1_000);
  let onLost = (_connection: number) => {};

  const forget = (connection = current?.number) => {
    if (connection !== current?.number) return;
    current?.stop.abort();
    current = undefined;
  };
  return {
    onLost(listener) {
      onLost = listener;
    },
    attach(token, port) {
      if (current?.token === token) {
        port.close();
        return current.number;
      }
      forget();
      const stop = new AbortController();
      const mine = { token, number: ++last, stop };
      current = mine;
      // Settles when the host is out of reach; a connection that was given up on purpose is nobody's loss.
      void connect(token, port, stop.signal).finally(() => {
        if (current !== mine) return;
        forget();
        onLost(mine.number);
      });
      return mine.number;
    },
    forget,
  };
}

/** Connects by the bridge or, where it is of no use, by a runtime port; settles when the connection is over. */
async function connect(token: string, page: MessagePort, signal: AbortSignal): Promise<void> {
  const watch = connectRuntime(WATCH_PORT);
  if (!watch) return;
  await new Promise<void>((over) => {
    signal.addEventListener('abort', () => over(), { once: true });
    let onAttached = () => {};
    const attached = new Promise<void>((resolve) => {
      onAttached = resolve;
    });
    const reach = async () => {
      // The background is at the other end of this port too, so a host that is not there does not show as a disconnect.
      const deadline = setTimeout(over, WATCH_DEADLINE_MS);
      await offerWatch(watch, token, { onAttached, onLost: over });
      clearTimeout(deadline);
      const left = await handOver(token, page, attached, signal);
      if (left === 'attached') return;
      if (left !== 'lost') await pumpOverRuntime(token, left, signal);
      over();
    };
    // A document that is being torn down cannot even hold a frame.
    reach().catch(() => over());
  });
  watch.disconnect();
}

/** The slow path: the same envelopes over a runtime port that goes straight to the host. Settles when it is over. */
async function pumpOverRuntime(token: string, page: MessagePort, signal: AbortSignal): Promise<void> {
  const runtime = signal.aborted ? undefined : connectRuntime(DATA_PORT);
  if (!runtime) {
    page.close();
    return;
  }
  try {
    await pump(fromMessagePort(page), await offerData(runtime, token), signal);
  } finally {
    page.close();
    runtime.disconnect();
  }
}
