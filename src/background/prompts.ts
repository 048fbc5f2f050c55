import { grantFrom } from '../permissions/answer.ts';
import { offerOf } from '../permissions/ask.ts';
import { decide, isTopLevelOnly } from '../permissions/decide.ts';
import type { Settings } from '../protocol/settings.ts';
import type { PromptAnswer, PromptView } from '../protocol/ui/views.ts';
import { createMutex } from '../shared/mutex.ts';
import { type Approval, askOfApproval, type Waiter } from './approvals/approval-state.ts';
import type { Approvals } from './approvals/approvals.ts';
import type { Consequences } from './consequences.ts';
import type { Environment } from './environment.ts';
import { type ModelCards, privateCard } from './model-cards.ts';
import type { Cell } from './store/cell.ts';
import type { PermissionStore } from './store/permission-store.ts';

/** What a prompt window asks of the background. */
export interface Prompts {
  view(id: string): Promise<PromptView | null>;
  /**
   * Carries out an answer; false when the prompt was over.
   *
   * @throws {@link WebplatError} `invalid-request` when the answer is wider than what was asked for; the prompt stays.
   */
  answer(id: string, answer: PromptAnswer): Promise<boolean>;
}

export interface PromptsOptions extends Pick<Environment, 'now' | 'newToken'> {
  readonly approvals: Approvals;
  readonly permissions: PermissionStore;
  readonly models: Pick<ModelCards, 'describe'>;
  readonly settings: Cell<Settings>;
  readonly consequences: Consequences;
}

export function createPrompts(options: PromptsOptions): Prompts {
  const { approvals, permissions, models, settings, consequences } = options;
  const answers = createMutex();

  async function viewOf(approval: Approval): Promise<PromptView> {
    const { id, subject, createdAt, waiters } = approval;
    const ask = askOfApproval(approval);
    const offer = offerOf(ask);
    // A model that cannot be looked up any more is shown by its name: what is allowed must be seen.
    const cards = await Promise.all(
      offer.models.map(async (name) => (await models.describe(name).catch(() => undefined)) ?? privateCard(name)),
    );
    const holds = await heldBy(approval, waiters[0]);
    return {
      id,
      subject,
      models: cards,
      tasks: [...offer.tasks],
      ...(offer.reason !== undefined && { reason: offer.reason }),
      limits: offer.limits,
      ...(holds && { holds }),
      createdAt,
    };
  }

  async function heldBy(approval: Approval, waiter: Waiter | undefined): Promise<PromptView['holds']> {
    if (!waiter) return undefined;
    const asker = { subject: approval.subject, ...waiter };
    const request = { asker, ask: askOfApproval(approval), dismissals: 0 };
    const decision = decide(request, await permissions.grants(), [], await permissions.time());
    return decision.kind === 'prompt' ? decision.holds : undefined;
  }

  /** One grant for all; a yes for this document only is given to each document that waits for it. */
  async function allow(approval: Approval, answer: Extract<PromptAnswer, { decision: 'allow' }>): Promise<void> {
    const offer = offerOf(askOfApproval(approval));
    const { subject, waiters } = approval;
    const topLevelOnly = isTopLevelOnly({ subject }, await permissions.grants(), await permissions.time());
    const documents = [...new Map(waiters.map((waiter) => [waiter.documentId, waiter])).values()];
    const given = answer.duration.kind === 'once' ? documents : documents.slice(0, 1);
    const grants = given.map(({ documentId, isFrame }) =>
      grantFrom(answer, offer, {
        id: options.newToken(),
        asker: { subject, documentId, isFrame },
        topLevelOnly,
        now: options.now(),
      }),
    );
    for (const grant of grants) await permissions.add(grant);
    await consequences.changed(subject);
    await approvals.settle(approval.id, 'allowed');
  }

  return {
    async view(id) {
      const approval = await approvals.find(id);
      return approval ? viewOf(approval) : null;
    },
    answer: (id, answer) =>
      answers.run(async () => {
        const approval = await approvals.find(id);
        if (!approval) return false;
        if (answer.decision === 'allow') {
          await allow(approval, answer);
          return true;
        }
        if (answer.decision === 'dismiss') return approvals.settle(id, 'permission-dismissed');
        const { denyCooldownMs } = await settings.read();
        await permissions.deny(approval.subject, denyCooldownMs);
        return approvals.settle(id, 'permission-denied');
      }),
  };
}
