import { CONTROL_PORT, connectRuntime, extensionAlive, type RuntimePort } from '../../src/platform/port.ts';
import type { DownEnvelope, UpEnvelope } from '../../src/protocol/envelope.ts';
import { ERRORS } from '../../src/protocol/error-table.ts';
import type { WireError } from '../../src/protocol/errors.ts';
import { GONE } from '../handshake.ts';
import { createPulse, type Pulse } from './pulse.ts';

/** The relay's connection to the background. */
export interface Control {
  /** Sets who hears answers and events. */
  onDown(listener: (envelope: DownEnvelope) => void): void;
  send(envelope: UpEnvelope): void;
  /**
   * Takes a one-way message of the extension, which sends such only to documents that have no port open to it: an event, or
   * the ping of a background that started. If calls are open, the background that had them is gone: they are repeated.
   */
  hear(message: unknown): void;
  /** Forgets everything: the document goes into the background cache, or its page side is gone. */
  drop(): void;
  /** Called when the extension that injected this script is gone for good. */
  onOrphaned(listener: () => void): void;
}

/** Connections in a row that may close without a word before open calls are given up. */
const MAX_SILENT_CLOSES = 4;
const DISCONNECTED: WireError = { code: 'disconnected', message: ERRORS.disconnected.remedy };
const ORPHANED: WireError = { code: 'disconnected', message: GONE };

/** Asks the background for a sign of life; answered by `control-ports.ts` of the platform. */
const PING = { ping: true };

interface Line {
  readonly port: RuntimePort;
  readonly pulse: Pulse;
}

/**
 * Connects at the first call. When the background stops while calls are open, it connects again and repeats them under
 * their ids, which the background takes for the same calls; with nothing open it waits for the next call.
 */
export function createControl(): Control {
  const open = new Map<number, { readonly envelope: UpEnvelope; readonly activated: boolean }>();
  let line: Line | undefined;
  let silentCloses = 0;
  let deliver: (envelope: DownEnvelope) => void = () => {};
  let orphaned = () => {};

  const down = (envelope: DownEnvelope) => {
    if (envelope.kind === 'result' || envelope.kind === 'error') {
      if (!open.delete(envelope.id)) return;
    }
    deliver(envelope);
  };
  const giveUp = (error: WireError) => {
    for (const id of [...open.keys()]) down({ kind: 'error', id, error });
  };
  /** Opens a line; the one before is hung up when this one speaks, lest the background take the document for gone. */
  const dial = (before: RuntimePort | undefined): Line | undefined => {
    const port = connectRuntime(CONTROL_PORT);
    if (!port) {
      giveUp(ORPHANED);
      orphaned();
      return undefined;
    }
    const lost = (silent: boolean) => {
      if (line !== mine) return;
      pulse.stop();
      line = undefined;
      silentCloses += 1;
      if (silentCloses >= MAX_SILENT_CLOSES) giveUp(DISCONNECTED);
      if (open.size > 0) resume(silent ? port : undefined);
      else if (!extensionAlive()) orphaned();
    };
    const pulse = createPulse({
      busy: () => line === mine && open.size > 0,
      ping: () => port.postMessage(PING),
      onSilence: () => lost(true),
    });
    const mine: Line = { port, pulse };
    let previous = before;
    port.onMessage.addListener((message) => {
      if (line !== mine) return;
      pulse.word();
      previous?.disconnect();
      previous = undefined;
      silentCloses = 0;
      if (isDown(message)) down(message);
    });
    port.onDisconnect.addListener(() => lost(false));
    line = mine;
    return mine;
  };
  const post = (to: Line, message: { readonly envelope: UpEnvelope; readonly activated: boolean }) => {
    to.port.postMessage(message);
    to.pulse.expect();
  };
  const resume = (before?: RuntimePort) => {
    const dialled = dial(before);
    if (dialled) for (const message of open.values()) post(dialled, message);
  };
  /** A new line, with all open calls on it, in place of none or of one that has been quiet for long. */
  const renew = () => {
    line?.pulse.stop();
    resume(line?.port);
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
        const connected = line?.pulse.fresh() ? line : undefined;
        open.set(envelope.id, message);
        if (connected) post(connected, message);
        else renew();
      } else if (open.has(envelope.id)) {
        line?.port.postMessage(message);
        if (envelope.kind === 'abort') open.delete(envelope.id);
      }
    },
    hear(message) {
      if (open.size > 0) renew();
      const { channel, envelope } = (message ?? {}) as { channel?: unknown; envelope?: unknown };
      if (channel === 'webplat.event' && isDown(envelope) && envelope.kind === 'event') deliver(envelope);
    },
    drop() {
      open.clear();
      const current = line;
      line = undefined;
      current?.pulse.stop();
      current?.port.disconnect();
    },
  };
}

function isDown(message: unknown): message is DownEnvelope {
  const { kind, id } = (message ?? {}) as { kind?: unknown; id?: unknown };
  return kind === 'event' || ((kind === 'result' || kind === 'error') && typeof id === 'number');
}
