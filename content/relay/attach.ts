import { connectRuntime, DATA_PORT, offerData } from '../../src/platform/port.ts';
import { fromMessagePort } from '../../src/shared/port.ts';
import { handOver } from './bridge-frame.ts';
import { pump } from './pump.ts';

/** Connects data ports of the page with the host. */
export interface Attacher {
  /** Connects `port` to the session of `token`; false, and closes it, where that session has a connected port already. */
  attach(token: string, port: MessagePort): boolean;
  /** The page's data port is gone: whatever session is opened next gets its port connected. */
  forget(): void;
  /** Ends every pump and attempt. */
  drop(): void;
}

export function createAttacher(): Attacher {
  let attached: string | undefined;
  const ends = new Set<() => void>();

  const connect = async (token: string, page: MessagePort) => {
    const stop = new AbortController();
    const end = () => stop.abort();
    ends.add(end);
    try {
      const port = await handOver(token, page, stop.signal);
      if (port) await pumpOverRuntime(token, port, stop.signal);
    } catch {
      // A document that is being torn down cannot even hold a frame: nobody waits for this port any more.
      page.close();
    } finally {
      ends.delete(end);
    }
  };
  const forget = () => {
    attached = undefined;
  };

  return {
    attach(token, port) {
      if (attached === token) {
        port.close();
        return false;
      }
      attached = token;
      void connect(token, port);
      return true;
    },
    forget,
    drop() {
      forget();
      for (const end of [...ends]) end();
    },
  };
}

/** The slow path: the same envelopes over a runtime port that goes straight to the host. Settles when it is over. */
async function pumpOverRuntime(token: string, page: MessagePort, signal: AbortSignal): Promise<void> {
  const runtime = signal.aborted ? undefined : connectRuntime(DATA_PORT);
  try {
    if (!runtime) return;
    await pump(fromMessagePort(page), await offerData(runtime, token), signal);
  } catch {
    // Refused or torn down: closing the page's port tells it, and its next call opens a session anew.
  } finally {
    page.close();
    runtime?.disconnect();
  }
}
