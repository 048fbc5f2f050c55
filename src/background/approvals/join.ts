import { MAX_PROMPTS } from '../../permissions/defaults.ts';
import { isSameSubject } from '../../permissions/identity.ts';
import { WebplatError } from '../../protocol/errors.ts';
import type { Subject } from '../../protocol/grant.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Approval, ApprovalState, Waiter } from './approval-state.ts';

/** Calls that may wait for one prompt. */
const MAX_WAITERS = LIMITS.inFlight;
/** A prompt that waits for others to be answered may be tried again after about this long. */
const RETRY_AFTER_MS = 5_000;

/** The approval that a call waits for already. */
export function approvalOf(state: ApprovalState, documentId: string, callId: number): Approval | undefined {
  const isCall = (waiter: Waiter) => waiter.documentId === documentId && waiter.callId === callId;
  return state.pending.find(({ waiters }) => waiters.some(isCall));
}

/**
 * The state with one more call waiting: for the prompt of its site if there is one, else for a new one.
 *
 * @throws {@link WebplatError} `busy` when the origin has a prompt in other surroundings, or too many are open.
 */
export function joinApproval(
  state: ApprovalState,
  subject: Subject,
  waiter: Waiter,
  fresh: { readonly id: string; readonly createdAt: number },
): ApprovalState {
  if (approvalOf(state, waiter.documentId, waiter.callId)) return state;
  const own = state.pending.find((approval) => isSameSubject(approval.subject, subject));
  if (!own) {
    const sameOrigin = state.pending.some((approval) => approval.subject.invoker === subject.invoker);
    if (sameOrigin || state.pending.length >= MAX_PROMPTS) throw busy();
    return { ...state, pending: [...state.pending, { ...fresh, subject, waiters: [waiter] }] };
  }
  if (own.waiters.length >= MAX_WAITERS) throw busy();
  const wider = { ...own, waiters: [...own.waiters, waiter] };
  return { ...state, pending: state.pending.map((approval) => (approval === own ? wider : approval)) };
}

function busy(): WebplatError {
  return new WebplatError('busy', 'Other permission prompts are open.', { retryAfterMs: RETRY_AFTER_MS });
}
