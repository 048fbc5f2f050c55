import type { Ask } from '../../permissions/types.ts';
import type { PromptWindow } from '../../platform/windows.ts';
import { WebplatError } from '../../protocol/errors.ts';
import { onAbort } from '../../shared/abort.ts';
import type { Environment } from '../environment.ts';
import type { PageDocument } from '../page-documents.ts';
import { createCell } from '../store/cell.ts';
import {
  type Approval,
  type ApprovalOutcome,
  ApprovalState,
  settleApproval,
  withoutDocument,
  withoutWaiters,
  withWindow,
} from './approval-state.ts';
import { approvalOf, joinApproval } from './join.ts';
import { createWithdrawals } from './withdrawals.ts';

/** What a document's call is known to be waiting for, or how its wait ended. */
export type CallStatus = 'unknown' | 'waiting' | ApprovalOutcome;

/** Prompts that are open, and the calls that wait for them. All of it survives a stop of the background. */
export interface Approvals {
  status(documentId: string, callId: number): Promise<CallStatus>;
  dismissals(documentId: string): Promise<number>;
  /**
   * Waits for the user. Opens the prompt unless the site has one open; a call that waits already is attached to it.
   *
   * @throws {@link WebplatError} `busy`, and the signal's reason when it aborts.
   */
  wait(document: PageDocument, callId: number, ask: Ask, signal: AbortSignal): Promise<ApprovalOutcome>;
  find(id: string): Promise<Approval | undefined>;
  /** Ends a prompt for all who wait; false when it was over already. */
  settle(id: string, outcome: ApprovalOutcome): Promise<boolean>;
  windowClosed(windowId: number): Promise<void>;
  /** Drops whatever belongs to a document; prompts that nobody waits for any more close. */
  documentGone(documentId: string): Promise<void>;
  /** After a start: looks for the windows of the prompts, and for the documents that wait. */
  reconcile(): Promise<void>;
}

/** A relay whose call is pending reconnects at once; who has not come back by then is gone. */
const RECONNECT_WITHIN_MS = 10_000;

export type ApprovalsEnvironment = Pick<
  Environment,
  'session' | 'windows' | 'newToken' | 'now' | 'later' | 'logger'
> & { readonly isConnected: (documentId: string) => boolean };

const callKey = (documentId: string, callId: number) => `${documentId} ${callId}`;

export function createApprovals(environment: ApprovalsEnvironment): Approvals {
  const { windows, logger } = environment;
  const cell = createCell({
    area: environment.session,
    key: 'approvals',
    schema: ApprovalState,
    initial: { pending: [], outcomes: [], dismissals: [] },
  });
  const withdrawals = createWithdrawals();
  const listeners = new Map<string, Set<(outcome: ApprovalOutcome) => void>>();

  async function openWindow({ id }: Approval): Promise<void> {
    try {
      const windowId = await windows.open(id);
      const { pending } = await cell.update((state) => withWindow(state, id, windowId));
      // Withdrawn, or closed by the user, before the browser had named the window.
      if (!pending.some((approval) => approval.id === id)) await windows.close(windowId);
      else if (!(await windows.exists(windowId))) await approvals.settle(id, 'permission-dismissed');
    } catch (error) {
      logger.error('the prompt window did not open', { error: String(error) });
      await approvals.settle(id, 'internal');
    }
  }

  /** Stores a change and closes the windows of approvals that are over by it. */
  async function change(next: (state: ApprovalState) => ApprovalState): Promise<readonly Approval[]> {
    let before: readonly Approval[] = [];
    const { pending } = await cell.update((state) => {
      before = state.pending;
      return next(state);
    });
    const over = before.filter(({ id }) => !pending.some((approval) => approval.id === id));
    await Promise.all(over.map(({ windowId }) => (windowId === undefined ? undefined : windows.close(windowId))));
    return over;
  }

  /** Like `change`, for prompts that sites take back: opening and closing windows must not become their game. */
  async function withdraw(next: (state: ApprovalState) => ApprovalState): Promise<void> {
    for (const { subject } of await change(next)) withdrawals.note(subject.invoker, environment.now());
  }

  /** Hears the outcome of a call; `stop` must be called in the end. */
  function listen(documentId: string, callId: number, signal: AbortSignal) {
    const key = callKey(documentId, callId);
    const set = listeners.get(key) ?? new Set();
    listeners.set(key, set);
    let stop = () => {};
    const outcome = new Promise<ApprovalOutcome>((resolve, reject) => {
      set.add(resolve);
      const stopAbort = onAbort(signal, reject);
      stop = () => {
        stopAbort();
        set.delete(resolve);
        if (set.size === 0 && listeners.get(key) === set) listeners.delete(key);
      };
    });
    // It may settle before anybody awaits it, which is no fault.
    outcome.catch(() => {});
    return { outcome, stop: () => stop() };
  }

  function notify({ waiters }: Approval, outcome: ApprovalOutcome): void {
    for (const { documentId, callId } of waiters) {
      const key = callKey(documentId, callId);
      const waiting = listeners.get(key) ?? [];
      listeners.delete(key);
      for (const settle of waiting) settle(outcome);
    }
  }

  const approvals: Approvals = {
    async status(documentId, callId) {
      const state = await cell.read();
      if (approvalOf(state, documentId, callId)) return 'waiting';
      const settled = state.outcomes.find((known) => known.documentId === documentId && known.callId === callId);
      return settled?.outcome ?? 'unknown';
    },
    async dismissals(documentId) {
      return (await cell.read()).dismissals.find((entry) => entry.documentId === documentId)?.count ?? 0;
    },
    async wait({ subject, documentId, isFrame }, callId, ask, signal) {
      const fresh = { id: environment.newToken(), createdAt: environment.now() };
      const waiter = { documentId, isFrame, callId, ask: { ...ask, models: [...ask.models], tasks: [...ask.tasks] } };
      const heard = listen(documentId, callId, signal);
      try {
        const { pending } = await cell.update((state) => {
          const joined = joinApproval(state, subject, waiter, fresh);
          if (joined.pending.length > state.pending.length) withdrawals.assertFew(subject.invoker, fresh.createdAt);
          return joined;
        });
        const joined = pending.find(({ waiters }) => waiters.some((other) => other === waiter));
        if (joined?.id === fresh.id) void openWindow(joined);
        else if (joined?.windowId !== undefined) await windows.focus(joined.windowId);
        return await heard.outcome;
      } catch (error) {
        heard.stop();
        // A relay that took this background for stopped has repeated the call on another port, where it waits on.
        if (!listeners.has(callKey(documentId, callId))) {
          await withdraw((state) =>
            withoutWaiters(state, (other) => other.documentId === documentId && other.callId === callId),
          );
        }
        throw error;
      } finally {
        heard.stop();
      }
    },
    find: async (id) => (await cell.read()).pending.find((approval) => approval.id === id),
    async settle(id, outcome) {
      const over = await change((state) => settleApproval(state, id, outcome));
      for (const approval of over) notify(approval, outcome);
      return over.length > 0;
    },
    async windowClosed(windowId) {
      const closed = (await cell.read()).pending.find((approval) => approval.windowId === windowId);
      if (closed) await approvals.settle(closed.id, 'permission-dismissed');
    },
    async documentGone(documentId) {
      await withdraw((state) => withoutDocument(state, documentId));
    },
    async reconcile() {
      const { pending } = await cell.read();
      const shown = await windows.list();
      const strays = shown.filter(({ id }) => !pending.some((approval) => approval.id === id));
      await Promise.all(strays.map(({ windowId }) => windows.close(windowId)));
      await Promise.all(pending.map((approval) => findWindow(approval, shown)));
      if (pending.length === 0) return;
      environment.later(() => {
        dropAbsent().catch((error: unknown) => logger.error('prompts', { error: String(error) }));
      }, RECONNECT_WITHIN_MS);
    },
  };

  /** Sees to it that an approval of an earlier life has a window; one whose window was closed meanwhile is over. */
  async function findWindow(approval: Approval, shown: readonly PromptWindow[]): Promise<void> {
    const { id, windowId } = approval;
    const found = shown.find((window) => window.id === id);
    if (found) await cell.update((state) => withWindow(state, id, found.windowId));
    else if (windowId === undefined) await openWindow(approval);
    else if (!(await windows.exists(windowId))) await approvals.settle(id, 'permission-dismissed');
  }

  async function dropAbsent(): Promise<void> {
    const { pending } = await cell.read();
    const waiting = new Set(pending.flatMap(({ waiters }) => waiters.map(({ documentId }) => documentId)));
    for (const documentId of waiting) {
      if (!environment.isConnected(documentId)) await approvals.documentGone(documentId);
    }
  }

  return approvals;
}

/** The error that a call fails with when its prompt ended like this. */
export function refusal(outcome: Exclude<ApprovalOutcome, 'allowed'>): WebplatError {
  return new WebplatError(outcome);
}
