import { createPortClient, type PortClient } from '../../src/protocol/client.ts';
import type { DownEnvelope } from '../../src/protocol/envelope.ts';
import type { WireError } from '../../src/protocol/errors.ts';
import type { DataPort } from '../../src/shared/port.ts';
import { CONNECT, GONE, type Lost, READY, type UpMessage } from '../handshake.ts';
import type { Route } from './connection.ts';
import { wireError } from './errors.ts';
import { messagePort } from './message-port.ts';
import {
  closePort,
  dispatch,
  hasOwn,
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
  /** Tells the relay that the data port of a connection was dropped. */
  detached(connection: number): void;
  /** Ends every open call with `reason`; the connection stays. */
  abortAll(reason: WireError): void;
}

export interface LinkEvents {
  onEvent(event: Extract<DownEnvelope, { kind: 'event' }>): void;
  /** The data port of a connection, or of whichever there is, has nobody at its other end any more. */
  onDataLost(connection: number | undefined): void;
}

/** Connects now, before any script of the site could listen, and again whenever a call finds the connection gone. */
export function createLink(events: LinkEvents): Link {
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
    const connected = createPortClient(
      upward(mine, (what) => {
        if (what === 'relay') connected.close(wireError('disconnected'));
        events.onDataLost(what === 'relay' ? undefined : what);
      }),
      { onEvent: events.onEvent, onClose() {} },
    );
    client = connected;
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
    detached(connection) {
      const message: UpMessage = { detached: connection };
      if (port && client && !client.closed) postTo(port, message);
    },
    abortAll: (reason) => client?.abortAll(reason),
  };
}

/** The relay's port as the client sees it: calls are wrapped, and the relay's own words are taken out. */
function upward(port: MessagePort, onLost: (what: Lost['lost']) => void): DataPort {
  const plain = messagePort(port, (envelope) => ({ envelope }));
  return {
    post: plain.post,
    onMessage(listener) {
      plain.onMessage((message) => {
        if (isLost(message)) onLost(message.lost);
        else listener(message);
      });
    },
    onClose: plain.onClose,
    close: plain.close,
  };
}

function isLost(message: unknown): message is Lost {
  return typeof message === 'object' && message !== null && hasOwn(message, 'lost');
}
