import * as v from 'valibot';
import type { DataPort } from '../shared/port.ts';
import type { Method, ParamsOf, ResultOf } from './define.ts';
import { type Dispatch, parseResult } from './dispatch.ts';
import { fromWireError, WebplatError } from './errors.ts';
import { OneShotReply, replyTo } from './message.ts';

/** The one request that a port of the `files` channel carries. */
const FilesRequest = v.strictObject({ method: v.pipe(v.string(), v.maxLength(64)), params: v.unknown() });

/** Opens a port to the host, by way of the service worker; platform code supplies it. */
export type OpenFilesPort = () => Promise<DataPort>;

/** Asks the host on a port of its own and validates what comes back. The port closes with the answer, or with the host. */
export async function callFiles<M extends Method>(
  open: OpenFilesPort,
  method: M,
  params: ParamsOf<M>,
): Promise<ResultOf<M>> {
  const port = await open();
  const answer = await new Promise<unknown>((resolve) => {
    port.onMessage(resolve);
    port.onClose(() => resolve(undefined));
    port.post({ method: method.name, params });
  });
  port.close();
  const reply = v.safeParse(OneShotReply, answer);
  if (!reply.success) throw new WebplatError('disconnected');
  if (!reply.output.ok) throw fromWireError(reply.output.error);
  return parseResult(method, reply.output.value);
}

/** Answers the first request on `port`; whatever else comes is dropped with the port, which the asking end closes. */
export function answerFiles(port: DataPort, dispatch: Dispatch<void>): void {
  let asked = false;
  port.onClose(() => {});
  port.onMessage((message) => {
    if (asked) return port.close();
    asked = true;
    const request = v.safeParse(FilesRequest, message);
    if (!request.success) return port.close();
    const { method, params } = request.output;
    void replyTo(dispatch('ui', method, params, undefined)).then((reply) => port.post(reply));
  });
}
