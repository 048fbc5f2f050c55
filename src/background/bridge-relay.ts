import * as v from 'valibot';
import { bridgeAttach } from '../protocol/bridge/bridge-attach.ts';
import { hostAttach } from '../protocol/bridge/host-attach.ts';
import type { Logger } from '../shared/logger.ts';
import type { Environment } from './environment.ts';
import type { Sessions } from './sessions.ts';

const Attach = v.strictObject({ method: v.literal(bridgeAttach.name), params: bridgeAttach.params });

/**
 * Hands the port of a bridge frame on to the host, if its token is a session's and the frame's page, as the browser told
 * the bridge, is of the session's origin. Otherwise the port is closed, which is the whole answer.
 */
export function createBridgeRelay(sessions: Sessions, host: Environment['host'], logger: Logger) {
  return async (message: unknown, port: MessagePort): Promise<void> => {
    try {
      const attach = v.safeParse(Attach, message);
      if (!attach.success) return port.close();
      const { token, origin } = attach.output.params;
      const session = (await sessions.live()).find((record) => record.token === token);
      if (session?.subject.invoker !== origin) return port.close();
      const given = await host.give({ method: hostAttach.name, params: { token } }, port);
      if (!given) port.close();
    } catch (error) {
      logger.error('a bridge could not be served', { error: String(error) });
      port.close();
    }
  };
}
