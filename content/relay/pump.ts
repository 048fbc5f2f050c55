import { toWireError } from '../../src/protocol/webplat-error.ts';
import type { DataPort } from '../../src/shared/port.ts';

/**
 * Carries messages both ways until one end closes or `signal` aborts. Credit travels like everything else, so the sender
 * of a stream waits for its reader exactly as on the direct path.
 */
export function pump(page: DataPort, host: DataPort, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      page.close();
      host.close();
      resolve();
    };
    page.onClose(stop);
    host.onClose(stop);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    host.onMessage((message) => page.post(message));
    page.onMessage((message) => {
      try {
        host.post(message);
      } catch (error) {
        const id = callId(message);
        if (id !== undefined) page.post({ kind: 'error', id, error: toWireError(error) });
      }
    });
  });
}

/** The id of a call that could not be sent, e.g. because this path cannot carry as much as the direct one. */
function callId(message: unknown): number | undefined {
  const { kind, id } = (message ?? {}) as { kind?: unknown; id?: unknown };
  return kind === 'call' && typeof id === 'number' ? id : undefined;
}
