import * as v from 'valibot';
import { createLifeline } from '../src/platform/host-life.ts';
import { onBridgedPort, onDataPort, onHostRequest } from '../src/platform/host-link.ts';
import { sendOneShot } from '../src/platform/messaging.ts';
import { createWatches, onWatchPort } from '../src/platform/watches.ts';
import { hostAttach } from '../src/protocol/bridge/host-attach.ts';
import { hostFiles } from '../src/protocol/bridge/host-files.ts';
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

const Handed = v.variant('method', [
  v.strictObject({ method: v.literal(hostAttach.name), params: hostAttach.params }),
  v.strictObject({ method: v.literal(hostFiles.name), params: hostFiles.params }),
]);
onBridgedPort((message, port) => {
  const handed = v.safeParse(Handed, message);
  if (!handed.success) return port.close();
  if (handed.output.method === hostFiles.name) return host.serveFiles(fromMessagePort(port));
  const { token } = handed.output.params;
  watches.answer(token, host.attach(token, watches.watched(token, fromMessagePort(port))));
});

onDataPort((token, port, origin) => host.attach(token, port, origin));
