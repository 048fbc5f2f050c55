import * as v from 'valibot';
import { CaveatValues, Duration, Grant, Subject } from '../grant.ts';
import { LIMITS } from '../limits.ts';
import { ModelCard } from '../model.ts';
import { Bytes, Count, DurationMs, TaskName, Timestamp, Token } from '../scalars.ts';

/** Everything a prompt shows. Names and sizes come from the host, never from the page; only `reason` is the site's. */
export const PromptView = v.strictObject({
  id: Token,
  subject: Subject,
  models: v.array(ModelCard),
  tasks: v.array(TaskName),
  reason: v.optional(v.pipe(v.string(), v.maxLength(LIMITS.reasonChars))),
  /** The limits asked for, with the defaults filled in. */
  limits: v.pick(CaveatValues, [
    'maxConcurrent',
    'maxRatePerMinute',
    'maxTokens',
    'maxMemoryBytes',
    'maxComputeMsPerDay',
  ]),
  /** What the site holds already, when this request adds to it; absent for a first request. */
  holds: v.optional(CaveatValues),
  createdAt: Timestamp,
});
export type PromptView = v.InferOutput<typeof PromptView>;

/** What the user decided. An answer may narrow what was asked for; it cannot widen it. */
export const PromptAnswer = v.variant('decision', [
  v.strictObject({
    decision: v.literal('allow'),
    duration: Duration,
    models: CaveatValues.entries.models,
    tasks: CaveatValues.entries.tasks,
    limits: PromptView.entries.limits,
  }),
  v.strictObject({ decision: v.literal('deny') }),
  v.strictObject({ decision: v.literal('dismiss') }),
]);
export type PromptAnswer = v.InferOutput<typeof PromptAnswer>;

/** One site in the manager: its grants and what it did. Counters are kept per (frame origin, top-level origin). */
export const SiteView = v.strictObject({
  subject: Subject,
  grants: v.array(Grant),
  lastUsedAt: v.optional(Timestamp),
  calls: Count,
  tokens: Count,
  computeMs: DurationMs,
  computeMsToday: DurationMs,
  /** Open sessions, requests running or waiting, and resident bytes they hold, now. */
  sessions: Count,
  active: Count,
  residentBytes: Bytes,
  /** Until when the site may not ask again, after the user denied it. */
  deniedUntil: v.optional(Timestamp),
});
export type SiteView = v.InferOutput<typeof SiteView>;
