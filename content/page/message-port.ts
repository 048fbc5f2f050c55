import type { DataPort } from '../../src/shared/port.ts';
import { closePort, listen, messageData, postTo, startPort } from './primordials.ts';

/** A {@link DataPort} on a MessagePort that works with captured built-ins only. `wrap` dresses what is posted. */
export function messagePort(port: MessagePort, wrap: (message: unknown) => unknown): DataPort {
  let open = true;
  return {
    post(message, transfer) {
      if (!open) return;
      if (transfer) postTo(port, wrap(message), transfer);
      else postTo(port, wrap(message));
    },
    onMessage(listener) {
      listen(port, 'message', (event) => {
        if (open) listener(messageData(event as MessageEvent));
      });
      startPort(port);
    },
    onClose(listener) {
      listen(port, 'close', () => {
        if (!open) return;
        open = false;
        listener();
      });
    },
    close() {
      open = false;
      closePort(port);
    },
  };
}
