import * as v from 'valibot';
import { createLifeline } from '../src/platform/host-life.ts';
import { onBridgedPort, onDataPort, onHostRequest } from '../src/platform/host-link.ts';
import { sendOneShot } from '../src/platform/messaging.ts';
import { createWatches, onWatchPort } from '../src/platform/watches.ts';
import { hostAttach } from '../src/protocol/bridge/host-attach.ts';
import { hostHello } from '../src/protocol/host/host-hello.ts';
import { callOneShot, replyTo } from '../src/protocol/message.ts';
import { createLogger } from '../src/shared/logger.ts';
import { fromMessagePort } from '../src/shared/port.ts';
import { createHost } from './host.ts';

/** The host inside the extension: the only file of this folder that knows it is in one. */
const logger = createLogger('host');
const host = createHost({
  assetBase: new URL('/', location.href),
  logger,
  report: (method, params) => callOneShot(sendOneShot, method, params),
});

const showLife = createLifeline();
onHostRequest(({ method, params }) => {
  if (method === hostHello.name) showLife();
  return replyTo(host.dispatch('background', method, params, undefined));
});

const watches = createWatches(onWatchPort);

const Attach = v.strictObject({ method: v.literal(hostAttach.name), params: hostAttach.params });
onBridgedPort((message, port) => {
  const attach = v.safeParse(Attach, message);
  if (!attach.success) return port.close();
  const { token } = attach.output.params;
  watches.answer(token, host.attach(token, watches.watched(token, fromMessagePort(port))));
});

onDataPort((token, port, origin) => host.attach(token, port, origin));
