import { type Decision, decide, type UsableGrant, usableGrants } from '../permissions/decide.ts';
import type { Ask } from '../permissions/types.ts';
import { WebplatError } from '../protocol/errors.ts';
import { type Approvals, refusal } from './approvals/approvals.ts';
import type { ModelCards } from './model-cards.ts';
import type { PageDocument } from './page-documents.ts';
import type { PermissionStore } from './store/permission-store.ts';

/** One call of a page, as far as permission is concerned. */
export interface PermitCall {
  readonly document: PageDocument;
  readonly id: number;
  /** Whether the user had just acted in the document, as its relay saw. */
  readonly activated: boolean;
  readonly signal: AbortSignal;
}

/** The way from a request to a yes or a no. */
export interface Permits {
  usable(document: PageDocument): Promise<readonly UsableGrant[]>;
  /**
   * The grants a document may use once `ask` was decided; prompts where nothing decides it yet. After a prompt they may
   * allow less than was asked for.
   *
   * @throws {@link WebplatError} with the reason of the refusal.
   */
  obtain(call: PermitCall, ask: Ask): Promise<readonly UsableGrant[]>;
}

export interface PermitsOptions {
  readonly permissions: PermissionStore;
  readonly approvals: Approvals;
  readonly models: Pick<ModelCards, 'all' | 'describe'>;
}

export function createPermits({ permissions, approvals, models }: PermitsOptions): Permits {
  async function usable(document: PageDocument): Promise<readonly UsableGrant[]> {
    return usableGrants(document, await permissions.grants(), await permissions.time());
  }

  async function decideOn({ document }: PermitCall, ask: Ask): Promise<Decision> {
    const [grants, denials, time] = [await permissions.grants(), await permissions.denials(), await permissions.time()];
    const dismissals = await approvals.dismissals(document.documentId);
    return decide({ asker: document, ask, dismissals }, grants, denials, time);
  }

  async function assertKnown(ask: Ask): Promise<void> {
    const cards = await Promise.all(ask.models.map(models.describe));
    if (cards.some((card) => card === undefined)) throw new WebplatError('unknown-model');
  }

  /** Without the user's doing nothing is looked up elsewhere. */
  async function assertHere(ask: Ask): Promise<void> {
    const names = (await models.all()).map(({ name }) => name);
    const packaged = ask.models.filter((model) => model.startsWith('packaged:'));
    if (!packaged.every((model) => names.includes(model))) throw new WebplatError('unknown-model');
  }

  /** What must hold before the user is bothered. */
  async function assertMayPrompt(call: PermitCall, ask: Ask, decision: Decision & { kind: 'prompt' }): Promise<void> {
    const inactive = () => new WebplatError(decision.expired ? 'permission-expired' : 'activation-required');
    // A site without any grant learns nothing about models, not even which ones exist, before the user has acted.
    if (!call.activated && decision.holds === undefined) throw inactive();
    if (call.activated) return assertKnown(ask);
    await assertHere(ask);
    throw inactive();
  }

  return {
    usable,
    async obtain(call, ask) {
      const { document, id, signal } = call;
      let status = await approvals.status(document.documentId, id);
      if (status === 'unknown') {
        const decision = await decideOn(call, ask);
        if (decision.kind === 'allow') return decision.grants;
        if (decision.kind === 'deny') throw denied(decision, (await permissions.time()).now);
        await assertMayPrompt(call, ask, decision);
      }
      if (status === 'unknown' || status === 'waiting') status = await approvals.wait(document, id, ask, signal);
      if (status !== 'allowed') throw refusal(status);
      return usable(document);
    },
  };
}

function denied(decision: Decision & { kind: 'deny' }, now: number): WebplatError {
  const detail = {
    denied: 'This site was denied.',
    'top-level-only': "This site's frames are not allowed to use models.",
    'dismissed-often': 'Prompts of this document were closed too often; it can ask again when it is loaded anew.',
  }[decision.reason];
  const retryAfterMs = decision.until === undefined ? {} : { retryAfterMs: Math.max(0, decision.until - now) };
  return new WebplatError('permission-denied', detail, { reason: detail, ...retryAfterMs });
}
