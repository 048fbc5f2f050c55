import * as v from 'valibot';
import type { Method, ParamsOf, ResultOf } from './define.ts';
import { parseResult } from './dispatch.ts';
import { fromWireError, toWireError, WebplatError, WireError } from './errors.ts';

/** One-shot messages between extension contexts (`runtime.sendMessage`): channels `host`, `report` and `ui`. */
export const OneShotRequest = v.strictObject({
  channel: v.picklist(['host', 'report', 'ui']),
  method: v.pipe(v.string(), v.maxLength(64)),
  params: v.unknown(),
});
export type OneShotRequest = v.InferOutput<typeof OneShotRequest>;

export const OneShotReply = v.variant('ok', [
  v.strictObject({ ok: v.literal(true), value: v.unknown() }),
  v.strictObject({ ok: v.literal(false), error: WireError }),
]);
export type OneShotReply = v.InferOutput<typeof OneShotReply>;

/** Sends a request and returns the raw reply; platform code supplies it. */
export type SendOneShot = (request: OneShotRequest) => Promise<unknown>;

/** Calls `method` on another context and validates what comes back. */
export async function callOneShot<M extends Method>(
  send: SendOneShot,
  method: M,
  params: ParamsOf<M>,
): Promise<ResultOf<M>> {
  const reply = v.safeParse(
    OneShotReply,
    await send({ channel: method.channel as OneShotRequest['channel'], method: method.name, params }),
  );
  if (!reply.success) throw new WebplatError('disconnected');
  if (!reply.output.ok) throw fromWireError(reply.output.error);
  return parseResult(method, reply.output.value);
}

/** Wraps what a dispatch did into a reply; never rejects. */
export async function replyTo(work: Promise<unknown>): Promise<OneShotReply> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, error: toWireError(error) };
  }
}
