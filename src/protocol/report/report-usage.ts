import * as v from 'valibot';
import { defineMethod } from '../define.ts';
import { Bytes, Count, DurationMs, Token } from '../scalars.ts';

/** What one session used since the last report; counters only. */
export const UsageEntry = v.strictObject({
  token: Token,
  calls: Count,
  tokens: Count,
  computeMs: DurationMs,
  /** Bytes of the models that the session holds resident, at the time of the report. */
  residentBytes: Bytes,
});
export type UsageEntry = v.InferOutput<typeof UsageEntry>;

export const reportUsage = defineMethod({
  name: 'report.usage',
  channel: 'report',
  from: ['host'],
  needs: 'nothing',
  doc: 'Adds to the persistent counters of the sites. Numbered, so that a repeated report counts once.',
  params: v.strictObject({
    instance: Token,
    seq: Count,
    entries: v.pipe(v.array(UsageEntry), v.maxLength(1024)),
  }),
  result: v.strictObject({}),
});
