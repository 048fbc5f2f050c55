import * as v from 'valibot';
import type { ClientKind } from '../platform/sender.ts';
import { bridgeAttach } from '../protocol/bridge/bridge-attach.ts';
import { bridgeFiles } from '../protocol/bridge/bridge-files.ts';
import { hostAttach } from '../protocol/bridge/host-attach.ts';
import { hostFiles } from '../protocol/bridge/host-files.ts';
import { WebplatError } from '../protocol/errors.ts';
import { replyTo } from '../protocol/message.ts';
import type { Logger } from '../shared/logger.ts';
import type { Environment } from './environment.ts';
import type { HostLink } from './host-link.ts';
import type { Sessions } from './sessions.ts';

export interface BridgeRelayOptions {
  readonly sessions: Pick<Sessions, 'live'>;
  /** The host's document, which is handed the ports. */
  readonly document: Pick<Environment['host'], 'give'>;
  readonly host: Pick<HostLink, 'ready'>;
  readonly logger: Logger;
}

const Attach = v.strictObject({ method: v.literal(bridgeAttach.name), params: bridgeAttach.params });
const Files = v.strictObject({ method: v.literal(bridgeFiles.name), params: bridgeFiles.params });

/**
 * Hands a port on to the host: that of a bridge frame if its token is a session's and the frame's page, as the browser told
 * the bridge, is of the session's origin; that of the manager for one request with files. Any other port is closed. The
 * manager is told so, because a port does not tell that its other end was closed; anybody else learns nothing.
 */
export function createBridgeRelay({ sessions, document, host, logger }: BridgeRelayOptions) {
  async function isSession({ token, origin }: v.InferOutput<typeof Attach>['params']): Promise<boolean> {
    return (await sessions.live()).some((record) => record.token === token && record.subject.invoker === origin);
  }

  /** What the host is told with the port; undefined for what is refused. */
  async function wordFor(from: ClientKind, message: unknown): Promise<unknown> {
    if (from === 'ui') {
      if (!v.is(Files, message)) return undefined;
      await host.ready();
      return { method: hostFiles.name, params: {} };
    }
    const attach = v.safeParse(Attach, message);
    if (!attach.success || !(await isSession(attach.output.params))) return undefined;
    return { method: hostAttach.name, params: { token: attach.output.params.token } };
  }

  async function refuse(from: ClientKind, port: MessagePort): Promise<void> {
    if (from === 'ui') port.postMessage(await replyTo(Promise.reject(new WebplatError('disconnected'))));
    port.close();
  }

  return async (from: ClientKind, message: unknown, port: MessagePort): Promise<void> => {
    try {
      const word = await wordFor(from, message);
      if (word === undefined || !(await document.give(word, port))) await refuse(from, port);
    } catch (error) {
      logger.error('a bridge could not be served', { error: String(error) });
      await refuse(from, port);
    }
  };
}
