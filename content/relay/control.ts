import { CONTROL_PORT, connectRuntime, type RuntimePort } from '../../src/platform/port.ts';
import type { DownEnvelope, UpEnvelope } from '../../src/protocol/envelope.ts';
import { ERRORS } from '../../src/protocol/error-table.ts';
import type { WireError } from '../../src/protocol/errors.ts';

/** The relay's connection to the background. */
export interface Control {
  /** Sets who hears answers and events. */
  onDown(listener: (envelope: DownEnvelope) => void): void;
  send(envelope: UpEnvelope): void;
  /** Takes a one-way message of the extension: an event for a document whose port is closed. */
  hear(message: unknown): void;
  /** Forgets everything: the document goes into the background cache, or its page side is gone. */
  drop(): void;
  /** Called when the extension that injected this script is gone for good. */
  onOrphaned(listener: () => void): void;
}

/** Connections in a row that may close without a word before open calls are given up. */
const MAX_SILENT_CLOSES = 4;
const DISCONNECTED: WireError = { code: 'disconnected', message: ERRORS.disconnected.remedy };

/**
 * Connects at the first call. When the background stops while calls are open, it connects again and repeats them under
 * their ids, which the background takes for the same calls; with nothing open it waits for the next call.
 */
export function createControl(): Control {
  const open = new Map<number, { readonly envelope: UpEnvelope; readonly activated: boolean }>();
  let port: RuntimePort | undefined;
  let silentCloses = 0;
  let deliver: (envelope: DownEnvelope) => void = () => {};
  let orphaned = () => {};

  const down = (envelope: DownEnvelope) => {
    if (envelope.kind === 'result' || envelope.kind === 'error') {
      if (!open.delete(envelope.id)) return;
    }
    deliver(envelope);
  };
  const giveUp = () => {
    for (const id of [...open.keys()]) down({ kind: 'error', id, error: DISCONNECTED });
  };
  const connect = (): RuntimePort | undefined => {
    if (port) return port;
    const fresh = connectRuntime(CONTROL_PORT);
    if (!fresh) {
      giveUp();
      orphaned();
      return undefined;
    }
    port = fresh;
    fresh.onMessage.addListener((message) => {
      if (port !== fresh || !isDown(message)) return;
      silentCloses = 0;
      down(message);
    });
    fresh.onDisconnect.addListener(() => {
      if (port !== fresh) return;
      port = undefined;
      silentCloses += 1;
      if (silentCloses >= MAX_SILENT_CLOSES) giveUp();
      if (open.size > 0) resume();
    });
    return fresh;
  };
  const resume = () => {
    const connected = connect();
    for (const message of open.values()) connected?.postMessage(message);
  };

  return {
    onDown(listener) {
      deliver = listener;
    },
    onOrphaned(listener) {
      orphaned = listener;
    },
    send(envelope) {
      const message = { envelope, activated: navigator.userActivation.isActive };
      if (envelope.kind === 'call') {
        if (open.has(envelope.id)) return;
        if (open.size === 0) silentCloses = 0;
        // Connecting repeats what is open; this call joins it afterwards.
        const connected = connect();
        open.set(envelope.id, message);
        if (connected) connected.postMessage(message);
        else giveUp();
      } else if (open.has(envelope.id)) {
        port?.postMessage(message);
        if (envelope.kind === 'abort') open.delete(envelope.id);
      }
    },
    hear(message) {
      const { channel, envelope } = (message ?? {}) as { channel?: unknown; envelope?: unknown };
      if (channel === 'webplat.event' && isDown(envelope) && envelope.kind === 'event') deliver(envelope);
    },
    drop() {
      open.clear();
      const current = port;
      port = undefined;
      current?.disconnect();
    },
  };
}

function isDown(message: unknown): message is DownEnvelope {
  const { kind, id } = (message ?? {}) as { kind?: unknown; id?: unknown };
  return kind === 'event' || ((kind === 'result' || kind === 'error') && typeof id === 'number');
}
