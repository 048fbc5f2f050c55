import { createPortClient, type PortClient } from '../../src/protocol/client.ts';
import type { DownEnvelope } from '../../src/protocol/envelope.ts';
import type { WireError } from '../../src/protocol/errors.ts';
import { CONNECT, READY, type UpMessage } from '../handshake.ts';
import type { Route } from './connection.ts';
import { wireError } from './errors.ts';
import { messagePort } from './message-port.ts';
import {
  closePort,
  dispatch,
  listen,
  NativeMessageChannel,
  NativeMessageEvent,
  port1Of,
  port2Of,
  postTo,
  sequence,
} from './primordials.ts';

/** The page's connection to the relay of its document, which carries calls to the background. */
export interface Link {
  /** Where control calls go. */
  readonly route: Route;
  /** Tells the relay that the data port of this document is gone. */
  detached(): void;
  /** Ends every open call with `reason`; the connection stays. */
  abortAll(reason: WireError): void;
}

const GONE =
  'The extension was restarted, updated or removed, and this browser connects it to new documents only: reload the page.';

/** Connects now, before any script of the site could listen, and again whenever a call finds the connection gone. */
export function createLink(onEvent: (event: Extract<DownEnvelope, { kind: 'event' }>) => void): Link {
  let port: MessagePort | undefined;
  let client: PortClient | undefined;

  const connect = (): PortClient | undefined => {
    if (client && !client.closed) return client;
    const channel = new NativeMessageChannel();
    const mine = port1Of(channel);
    const init = { __proto__: null, cancelable: true, ports: sequence([port2Of(channel)]) } as MessageEventInit;
    if (dispatch(document, new NativeMessageEvent(CONNECT, init))) {
      closePort(mine);
      return undefined;
    }
    port = mine;
    client = createPortClient(
      messagePort(mine, (envelope) => ({ envelope })),
      { onEvent, onClose() {} },
    );
    return client;
  };

  listen(document, READY, () => connect());
  connect();

  return {
    route(ready) {
      const connected = connect();
      ready(connected, connected ? undefined : wireError('disconnected', GONE));
      return () => {};
    },
    detached() {
      if (port && client && !client.closed) postTo(port, { detached: true } satisfies UpMessage, sequence([]));
    },
    abortAll: (reason) => client?.abortAll(reason),
  };
}
