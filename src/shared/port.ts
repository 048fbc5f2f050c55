/** One end of a two-way channel, whatever carries it. Listeners are set once, before the first message is due. */
export interface DataPort {
  /** Sends a message. Buffers in `transfer` are moved where the carrier can; elsewhere they are copied. */
  post(message: unknown, transfer?: Transferable[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the other end closed or its context went away. Not called for our own `close()`. */
  onClose(listener: () => void): void;
  /** Closes this end. Calling it twice is no error. */
  close(): void;
}

/** A {@link DataPort} on a MessagePort: the fast path, where buffers are transferred. */
export function fromMessagePort(port: MessagePort): DataPort {
  let open = true;
  return {
    post(message, transfer = []) {
      if (open) port.postMessage(message, transfer);
    },
    onMessage(listener) {
      port.onmessage = (event) => listener(event.data);
    },
    onClose(listener) {
      port.addEventListener('close', () => {
        if (!open) return;
        open = false;
        listener();
      });
    },
    close() {
      open = false;
      port.close();
    },
  };
}
