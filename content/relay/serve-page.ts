import { extensionAlive } from '../../src/platform/port.ts';
import type { DownEnvelope, UpEnvelope } from '../../src/protocol/envelope.ts';
import { ERRORS } from '../../src/protocol/error-table.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import type { Lost, Opened } from '../handshake.ts';
import type { Attacher } from './attach.ts';
import type { Control } from './control.ts';

const OPEN = 'session.open';
const TOKEN = /^[0-9a-f]{32}$/;

/**
 * Carries envelopes between the page API's port and the background. The only answer it looks into is that of
 * `session.open`: its token stays here, and the data port that came with the call is connected with it.
 */
export function servePage(port: MessagePort, control: Control, attacher: Attacher, onGone: () => void): void {
  /** Data ports of openings without an answer, by call. */
  const carried = new Map<number, MessagePort>();

  const answer = (envelope: DownEnvelope) => port.postMessage(envelope);
  const onOpened = (id: number, value: unknown) => {
    const data = carried.get(id);
    carried.delete(id);
    const { token } = (value ?? {}) as { token?: unknown };
    if (!data || typeof token !== 'string' || !TOKEN.test(token)) {
      data?.close();
      answer({ kind: 'error', id, error: { code: 'internal', message: ERRORS.internal.remedy } });
      return;
    }
    const opened: Opened = { connection: attacher.attach(token, data) };
    answer({ kind: 'result', id, value: opened });
  };
  const drop = (id: number) => {
    carried.get(id)?.close();
    carried.delete(id);
  };

  control.onDown((envelope) => {
    if (envelope.kind === 'result' && carried.has(envelope.id)) {
      onOpened(envelope.id, envelope.value);
      return;
    }
    if (envelope.kind === 'error') drop(envelope.id);
    answer(envelope);
  });

  const close = () => {
    for (const id of carried.keys()) drop(id);
    control.drop();
    attacher.forget();
    onGone();
  };
  const tell = (lost: Lost['lost']) => port.postMessage({ lost });
  const orphaned = () => {
    tell('relay');
    port.close();
    close();
  };
  control.onOrphaned(orphaned);
  attacher.onLost((connection) => {
    if (extensionAlive()) tell(connection);
    else orphaned();
  });
  port.onmessage = ({ data, ports }) => {
    const dropped = detached(data);
    if (dropped !== undefined) {
      attacher.forget(dropped);
      return;
    }
    const envelope = readUp(data);
    if (!envelope) return;
    const [dataPort] = ports;
    if (envelope.kind === 'call' && envelope.method === OPEN && dataPort && carried.size < LIMITS.inFlight) {
      drop(envelope.id);
      carried.set(envelope.id, dataPort);
    }
    if (envelope.kind === 'abort') drop(envelope.id);
    control.send(envelope);
  };
}

function detached(data: unknown): number | undefined {
  const connection = (data as { detached?: unknown } | null)?.detached;
  return typeof connection === 'number' ? connection : undefined;
}

/** Looks at the shape only; the background parses what it gets. */
function readUp(data: unknown): UpEnvelope | undefined {
  const envelope = (data as { envelope?: unknown } | null)?.envelope;
  const { kind, id } = (envelope ?? {}) as { kind?: unknown; id?: unknown };
  const known = kind === 'call' || kind === 'abort' || kind === 'credit';
  return known && typeof id === 'number' ? (envelope as UpEnvelope) : undefined;
}
