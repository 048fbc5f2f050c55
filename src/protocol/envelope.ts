import * as v from 'valibot';
import { WireError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { RequestId } from './scalars.ts';

/**
 * The envelopes that travel over a page's control and data ports. A request gets exactly one terminal envelope: `result`
 * or `error`. A streaming method sends `chunk` envelopes before it, numbered from 0, and never more than the reader has
 * given `credit` for. `abort` asks for the terminal envelope soon; it is not one itself.
 */
export const CallEnvelope = v.strictObject({
  kind: v.literal('call'),
  id: RequestId,
  method: v.pipe(v.string(), v.maxLength(64)),
  params: v.unknown(),
  /** Chunks the reader is ready to take; 0 for a method that does not stream. */
  credit: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(LIMITS.credit)),
});

export const AbortEnvelope = v.strictObject({ kind: v.literal('abort'), id: RequestId });

export const CreditEnvelope = v.strictObject({
  kind: v.literal('credit'),
  id: RequestId,
  credit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LIMITS.credit)),
});

/** What a page may send. */
export const UpEnvelope = v.variant('kind', [CallEnvelope, AbortEnvelope, CreditEnvelope]);
export type UpEnvelope = v.InferOutput<typeof UpEnvelope>;

export const ResultEnvelope = v.strictObject({ kind: v.literal('result'), id: RequestId, value: v.unknown() });
export const ErrorEnvelope = v.strictObject({ kind: v.literal('error'), id: RequestId, error: WireError });
export const ChunkEnvelope = v.strictObject({
  kind: v.literal('chunk'),
  id: RequestId,
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  value: v.unknown(),
});

/** Things a page learns without asking. */
export const EventEnvelope = v.strictObject({
  kind: v.literal('event'),
  event: v.picklist(['permissions-changed', 'session-ended']),
  /** Why a session ended; absent for other events. */
  reason: v.optional(WireError),
});

/** What a page may receive. */
export const DownEnvelope = v.variant('kind', [ResultEnvelope, ErrorEnvelope, ChunkEnvelope, EventEnvelope]);
export type DownEnvelope = v.InferOutput<typeof DownEnvelope>;
