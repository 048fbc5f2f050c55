import * as v from 'valibot';
import { joinAsks } from '../../permissions/ask.ts';
import type { Ask } from '../../permissions/types.ts';
import { CAVEAT_SCHEMAS, Subject } from '../../protocol/grant.ts';
import { ModelName, RequestId, TaskName, Timestamp, Token } from '../../protocol/scalars.ts';

const StoredAsk = v.strictObject({
  models: v.array(ModelName),
  tasks: v.array(TaskName),
  limits: v.partial(
    v.strictObject({
      maxConcurrent: CAVEAT_SCHEMAS.maxConcurrent,
      maxRatePerMinute: CAVEAT_SCHEMAS.maxRatePerMinute,
      maxTokens: CAVEAT_SCHEMAS.maxTokens,
      maxMemoryBytes: CAVEAT_SCHEMAS.maxMemoryBytes,
      maxComputeMsPerDay: CAVEAT_SCHEMAS.maxComputeMsPerDay,
    }),
  ),
  reason: v.optional(v.string()),
});

/** One call of one document that waits for an answer; the pair names it across stops of the background. */
const Waiter = v.strictObject({ documentId: v.string(), isFrame: v.boolean(), callId: RequestId, ask: StoredAsk });
export type Waiter = v.InferOutput<typeof Waiter>;

/** A prompt that the user has not answered. What it asks for is what its waiters ask for together. */
const Approval = v.strictObject({
  id: Token,
  subject: Subject,
  waiters: v.pipe(v.array(Waiter), v.minLength(1)),
  windowId: v.optional(v.number()),
  createdAt: Timestamp,
});
export type Approval = v.InferOutput<typeof Approval>;

export const APPROVAL_OUTCOMES = ['allowed', 'permission-denied', 'permission-dismissed', 'internal'] as const;
export type ApprovalOutcome = (typeof APPROVAL_OUTCOMES)[number];

export const ApprovalState = v.strictObject({
  pending: v.array(Approval),
  /** How settled calls ended, for documents that did not hear it because the background was stopped. */
  outcomes: v.array(
    v.strictObject({ documentId: v.string(), callId: RequestId, outcome: v.picklist(APPROVAL_OUTCOMES) }),
  ),
  /** Prompts that each document's user closed without an answer. */
  dismissals: v.array(v.strictObject({ documentId: v.string(), count: v.number() })),
});
export type ApprovalState = v.InferOutput<typeof ApprovalState>;

const REMEMBERED_OUTCOMES = 512;

/** What an approval asks for: the requests of all who wait for it, joined. */
export function askOfApproval({ waiters }: Approval): Ask {
  return waiters.map(({ ask }): Ask => ask).reduce(joinAsks);
}

/** The state without an approval, with an outcome for each of its waiters. */
export function settleApproval(state: ApprovalState, id: string, outcome: ApprovalOutcome): ApprovalState {
  const approval = state.pending.find((pending) => pending.id === id);
  if (!approval) return state;
  const settled = approval.waiters.map(({ documentId, callId }) => ({ documentId, callId, outcome }));
  const documents = new Set(approval.waiters.map(({ documentId }) => documentId));
  return {
    pending: state.pending.filter((pending) => pending !== approval),
    outcomes: [...state.outcomes, ...settled].slice(-REMEMBERED_OUTCOMES),
    dismissals: outcome === 'permission-dismissed' ? countDismissal(state.dismissals, documents) : state.dismissals,
  };
}

function countDismissal(
  dismissals: ApprovalState['dismissals'],
  documents: ReadonlySet<string>,
): ApprovalState['dismissals'] {
  const before = (id: string) => dismissals.find(({ documentId }) => documentId === id)?.count ?? 0;
  const others = dismissals.filter(({ documentId }) => !documents.has(documentId));
  return [...others, ...[...documents].map((documentId) => ({ documentId, count: before(documentId) + 1 }))];
}

/** The state with the window noted in which an approval is shown. */
export function withWindow(state: ApprovalState, id: string, windowId: number): ApprovalState {
  const noted = (approval: Approval) => (approval.id === id ? { ...approval, windowId } : approval);
  return { ...state, pending: state.pending.map(noted) };
}

/** The state without the waiters that `which` selects, and without approvals that nobody waits for any more. */
export function withoutWaiters(state: ApprovalState, which: (waiter: Waiter) => boolean): ApprovalState {
  if (!state.pending.some(({ waiters }) => waiters.some(which))) return state;
  const pending = state.pending.flatMap((approval) => {
    const waiters = approval.waiters.filter((waiter) => !which(waiter));
    return waiters.length === 0 ? [] : [{ ...approval, waiters }];
  });
  return { ...state, pending };
}

/** The state without anything that belongs to a document. */
export function withoutDocument(state: ApprovalState, documentId: string): ApprovalState {
  const isOther = (entry: { readonly documentId: string }) => entry.documentId !== documentId;
  const left = withoutWaiters(state, (waiter) => !isOther(waiter));
  const outcomes = left.outcomes.filter(isOther);
  const dismissals = left.dismissals.filter(isOther);
  const same = outcomes.length === left.outcomes.length && dismissals.length === left.dismissals.length;
  return same ? left : { ...left, outcomes, dismissals };
}
