import type { Runtime } from 'webextension-polyfill';
import { decodeJson, encodeJson } from '../protocol/json-codec.ts';
import type { DataPort } from '../shared/port.ts';

/** What this module needs of a runtime port; Chromium's and Firefox's agree on it. */
export type RuntimePort = Pick<Runtime.Port, 'name' | 'disconnect' | 'postMessage' | 'sender'> & {
  readonly onMessage: { addListener(listener: (message: unknown) => void): void };
  readonly onDisconnect: { addListener(listener: () => void): void };
};

/** Names of the runtime ports that documents open. */
export const CONTROL_PORT = 'webplat.control';
export const DATA_PORT = 'webplat.data';
export const WATCH_PORT = 'webplat.watch';
/** Name of the runtime port that the host opens to the background. */
export const HOST_PORT = 'webplat.host';

/** How messages travel on a runtime port: as they are, or as text with base64 buffers. */
export type PortCodec = 'clone' | 'json';

interface Wire {
  encode(message: unknown): unknown;
  decode(message: unknown): unknown;
}

const WIRES: Readonly<Record<PortCodec, Wire>> = {
  clone: { encode: (message) => message, decode: (message) => message },
  json: { encode: encodeJson, decode: decodeJson },
};

/** Sets who hears the messages of a port; the one before hears no more, not even of the message in hand. */
type Tap = (listener: (raw: unknown) => void) => void;

function tap(port: RuntimePort): Tap {
  let current: (raw: unknown) => void = () => {};
  port.onMessage.addListener((raw) => current(raw));
  return (listener) => {
    current = listener;
  };
}

/** A {@link DataPort} on a runtime port whose codec is known. A message that cannot be decoded closes the port. */
export function fromRuntimePort(port: RuntimePort, codec: PortCodec): DataPort {
  return wrap(port, codec, tap(port));
}

function wrap(port: RuntimePort, codec: PortCodec, hear: Tap): DataPort {
  const wire = WIRES[codec];
  let open = true;
  let onClose = () => {};
  const close = (notify: boolean) => {
    if (!open) return;
    open = false;
    port.disconnect();
    if (notify) onClose();
  };
  port.onDisconnect.addListener(() => close(true));
  return {
    post(message) {
      if (open) port.postMessage(wire.encode(message));
    },
    onMessage(listener) {
      hear((raw) => {
        if (!open) return;
        let message: unknown;
        try {
          message = wire.decode(raw);
        } catch {
          close(true);
          return;
        }
        listener(message);
      });
    },
    onClose(listener) {
      onClose = listener;
    },
    close: () => close(false),
  };
}

/** First message on a data port: whom it belongs to, and a typed array that only structured clone brings over whole. */
interface Opening {
  readonly token: string;
  readonly probe: unknown;
}

/**
 * Calling end of a data port: presents the token, learns from the answer how messages travel, and settles with the port.
 * Rejects when the other end closed instead of answering.
 */
export function offerData(port: RuntimePort, token: string): Promise<DataPort> {
  return new Promise((resolve, reject) => {
    const hear = tap(port);
    hear((answer) => {
      const { codec } = (answer ?? {}) as { codec?: unknown };
      resolve(wrap(port, codec === 'clone' ? 'clone' : 'json', hear));
    });
    port.onDisconnect.addListener(() => reject(new Error('The data port was refused.')));
    port.postMessage({ token, probe: new Uint8Array([1, 2, 3]) } satisfies Opening);
  });
}

/**
 * Serving end of a data port: waits for the opening and calls `accept` with the token, still unchecked, and the port.
 * An opening of the wrong shape disconnects.
 */
export function acceptData(port: RuntimePort, accept: (token: string, data: DataPort) => void): void {
  const hear = tap(port);
  hear((raw) => {
    const { token, probe } = (raw ?? {}) as Partial<Opening>;
    if (typeof token !== 'string' || token.length > 64) {
      port.disconnect();
      return;
    }
    const codec: PortCodec = probe instanceof Uint8Array && probe.length === 3 ? 'clone' : 'json';
    port.postMessage({ codec });
    accept(token, wrap(port, codec, hear));
  });
}

/** What the host says on a watch, after the first word that it watches. */
export const ATTACHED = { attached: true } as const;

export interface WatchEvents {
  /** The host serves the session on the port that it was handed. */
  onAttached(): void;
  /** The host went away, also before it answered, or refused the port. */
  onLost(): void;
}

/** Document's end of a watch: presents the token and settles once the host watches. See `watches.ts` for why. */
export function offerWatch(port: RuntimePort, token: string, events: WatchEvents): Promise<void> {
  return new Promise((resolve) => {
    tap(port)((word) => {
      if ((word as Partial<typeof ATTACHED> | null)?.attached === true) events.onAttached();
      else resolve();
    });
    port.onDisconnect.addListener(() => {
      events.onLost();
      resolve();
    });
    port.postMessage({ token });
  });
}

/** The part of the extension API that a content script and an extension frame have. */
interface ContentApi {
  readonly runtime: {
    readonly id?: string;
    getURL(path: string): string;
    connect(options: { name: string }): RuntimePort;
    readonly onMessage: { addListener(listener: (message: unknown) => void): void };
  };
}

const scope = globalThis as { browser?: ContentApi; chrome?: ContentApi };

/**
 * The extension API without the polyfill, which would weigh more than all the rest that is injected into every document.
 * Nothing used here differs between browsers. Read once, before a document can have an element that is named like it.
 */
const runtime = (scope.browser ?? scope.chrome)?.runtime;

/** Undefined once the extension was reloaded or removed under a running document. */
function api(): ContentApi['runtime'] | undefined {
  return runtime?.id === undefined ? undefined : runtime;
}

/** Whether the extension that injected this script is still the one that runs. */
export function extensionAlive(): boolean {
  return api() !== undefined;
}

/** Opens a port to the extension; undefined where it was reloaded or removed since this script was injected. */
export function connectRuntime(name: string): RuntimePort | undefined {
  try {
    return api()?.connect({ name });
  } catch {
    return undefined;
  }
}

/** Address of a packaged file. */
export function extensionUrl(path: string): string | undefined {
  return api()?.getURL(path);
}

/** Origin of the extension's own pages; a resource behind a dynamic address has it too, once loaded. */
export function extensionOrigin(): string | undefined {
  const url = api()?.getURL('');
  return url === undefined ? undefined : new URL(url).origin;
}

/** Hears one-way messages that the extension sends to this document. */
export function onExtensionMessage(listener: (message: unknown) => void): void {
  api()?.onMessage.addListener(listener);
}
