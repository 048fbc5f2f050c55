import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { CaveatValues, Subject } from '../grant.ts';
import { Count, DurationMs, Token } from '../scalars.ts';

/** A session as the background tells the host: whom it serves and how far. */
export const SessionTerms = v.strictObject({
  token: Token,
  subject: Subject,
  /** The caveats of each grant the session may use; a request must fit into one of them as a whole. */
  grants: v.pipe(v.array(CaveatValues), v.minLength(1), v.maxLength(64)),
  /** Device time the site already used today (UTC), and when that day ends by the background's clock. */
  usedComputeMs: DurationMs,
  dayEndsAt: Count,
});
export type SessionTerms = v.InferOutput<typeof SessionTerms>;

export const hostSessionStart = defineMethod({
  name: 'host.session.start',
  channel: 'host',
  from: ['background'],
  needs: 'nothing',
  doc: 'Makes a session known to the host, or replaces the terms of one it knows. Requests that the new terms no longer allow are aborted.',
  params: SessionTerms,
  result: v.strictObject({}),
});
