import * as v from 'valibot';
import type { DataPort } from '../shared/port.ts';
import type { Method, ParamsOf, ResultOf } from './define.ts';
import { type Dispatch, parseResult } from './dispatch.ts';
import { fromWireError, WebplatError } from './errors.ts';
import { OneShotReply, replyTo } from './message.ts';

/** The one request that a port of the `files` channel carries. */
const FilesRequest = v.strictObject({ method: v.pipe(v.string(), v.maxLength(64)), params: v.unknown() });

/** Said while an answer takes its time: a port does not tell when its other end is gone. */
const AtIt = v.strictObject({ atIt: v.literal(true) });
const BEAT_MS = 10_000;
/** Browsers wake the timers of hidden documents as seldom as once a minute. */
const SILENCE_MS = 150_000;

/** Opens a port to the host, by way of the service worker; platform code supplies it. */
export type OpenFilesPort = () => Promise<DataPort>;

/** Asks the host on a port of its own and validates what comes back. @throws WebplatError `disconnected` after long silence */
export async function callFiles<M extends Method>(
  open: OpenFilesPort,
  method: M,
  params: ParamsOf<M>,
): Promise<ResultOf<M>> {
  const port = await open();
  const answer = answerOn(port);
  port.post({ method: method.name, params });
  const reply = v.safeParse(OneShotReply, await answer);
  port.close();
  if (!reply.success) throw new WebplatError('disconnected');
  if (!reply.output.ok) throw fromWireError(reply.output.error);
  return parseResult(method, reply.output.value);
}

/** The first message that is an answer; undefined when nothing was heard for too long, or the other end closed. */
function answerOn(port: DataPort): Promise<unknown> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (answer: unknown) => {
      clearTimeout(timer);
      resolve(answer);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => settle(undefined), SILENCE_MS);
    };
    wait();
    port.onMessage((message) => (v.is(AtIt, message) ? wait() : settle(message)));
    port.onClose(() => settle(undefined));
  });
}

/** Answers the first request on `port`, and nothing else that comes on it. */
export function answerFiles(port: DataPort, dispatch: Dispatch<void>): void {
  let asked = false;
  port.onClose(() => {});
  port.onMessage((message) => {
    if (asked) return;
    asked = true;
    const beat = setInterval(() => port.post({ atIt: true }), BEAT_MS);
    const request = v.safeParse(FilesRequest, message);
    const work = request.success
      ? dispatch('ui', request.output.method, request.output.params, undefined)
      : Promise.reject(new WebplatError('invalid-request', 'Malformed request.'));
    void replyTo(work).then((reply) => {
      clearInterval(beat);
      port.post(reply);
    });
  });
}
