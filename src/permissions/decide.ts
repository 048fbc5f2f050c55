import type { CaveatValues, Grant } from '../protocol/grant.ts';
import { TASK_NAMES } from '../protocol/task-names.ts';
import { coversPair, offerOf, pairsOf } from './ask.ts';
import { caveatsOf, isExpired } from './caveats.ts';
import { MAX_DISMISSALS } from './defaults.ts';
import { activeDenial } from './denials.ts';
import { closest, type Difference, difference } from './difference.ts';
import { isSameSubject } from './identity.ts';
import type { Ask, Asker, Denial, Offer, Time } from './types.ts';

/** A grant with its caveats read; what an asker may use now. */
export interface UsableGrant {
  readonly grant: Grant;
  readonly caveats: CaveatValues;
}

export type Decision =
  | { readonly kind: 'allow'; readonly grants: readonly UsableGrant[] }
  | {
      readonly kind: 'prompt';
      readonly offer: Offer;
      /** The grant that the offer adds least to, and what it adds; absent for a first request. */
      readonly holds?: CaveatValues | undefined;
      readonly difference: Difference;
      /** Whether a grant that ran out would have covered the request. */
      readonly expired: boolean;
    }
  | {
      readonly kind: 'deny';
      readonly reason: 'denied' | 'top-level-only' | 'dismissed-often';
      readonly until?: number;
    };

/** Whether a grant is this asker's at all, whatever it allows and however long it lasts. */
function isOwn({ subject, documentId }: Asker, grant: Grant): boolean {
  if (!isSameSubject(grant, subject)) return false;
  return grant.lifetime.kind !== 'document' || grant.lifetime.documentId === documentId;
}

/** The grants of an asker whose caveats are complete, run out or not. */
function ownGrants(asker: Asker, grants: readonly Grant[]): UsableGrant[] {
  return grants.flatMap((grant) => {
    const caveats = isOwn(asker, grant) ? caveatsOf(grant) : undefined;
    return caveats ? [{ grant, caveats }] : [];
  });
}

/** The grants that an asker may use now. */
export function usableGrants(asker: Asker, grants: readonly Grant[], time: Time): UsableGrant[] {
  return ownGrants(asker, grants).filter(
    ({ grant, caveats }) => !isExpired(grant, caveats, time) && !(caveats.topLevelOnly && asker.isFrame),
  );
}

/** Whether every combination that is asked for is allowed by some grant as a whole. */
export function covers(grants: readonly UsableGrant[], ask: Ask): boolean {
  const pairs = pairsOf(ask);
  return pairs.length > 0 && pairs.every((pair) => grants.some(({ caveats }) => coversPair(caveats, pair, ask.limits)));
}

/** Whether every model that is asked for may be used for something, whatever the task. */
export function coversModels(grants: readonly UsableGrant[], { models, limits }: Ask): boolean {
  return models.every((model) =>
    grants.some(({ caveats }) => TASK_NAMES.some((task) => coversPair(caveats, { model, task }, limits))),
  );
}

/** Whether some combination that is asked for is allowed under whatever limits. */
export function coversPart(grants: readonly UsableGrant[], ask: Ask): boolean {
  return pairsOf(ask).some((pair) => grants.some(({ caveats }) => coversPair(caveats, pair, {})));
}

/**
 * What to do about a request: the one place where yes, no and "ask the user" come from. `dismissals` counts the prompts
 * of the asking document that were closed without an answer.
 */
export function decide(
  request: { readonly asker: Asker; readonly ask: Ask; readonly dismissals: number },
  grants: readonly Grant[],
  denials: readonly Denial[],
  time: Time,
): Decision {
  const { asker, ask, dismissals } = request;
  const usable = usableGrants(asker, grants, time);
  if (covers(usable, ask)) return { kind: 'allow', grants: usable };
  const own = ownGrants(asker, grants);
  if (asker.isFrame && isTopLevelOnly(asker, grants, time)) return { kind: 'deny', reason: 'top-level-only' };
  const denial = activeDenial(denials, asker.subject, time.now);
  if (denial) return { kind: 'deny', reason: 'denied', until: denial.until };
  if (dismissals >= MAX_DISMISSALS) return { kind: 'deny', reason: 'dismissed-often' };
  const offer = offerOf(ask);
  const held = usable.map(({ caveats }) => caveats);
  const holds = closest(offer, held);
  return { kind: 'prompt', offer, holds, difference: difference(offer, holds), expired: covers(own, ask) };
}

/**
 * Whether the user keeps this site's frames out. A new prompt could then only ask them to take that back, so frames are
 * refused until they do so in the manager, and grants to the top document keep the restriction.
 */
export function isTopLevelOnly({ subject }: Pick<Asker, 'subject'>, grants: readonly Grant[], time: Time): boolean {
  return grants.some((grant) => {
    if (!isSameSubject(grant, subject)) return false;
    const caveats = caveatsOf(grant);
    return caveats?.topLevelOnly === true && !isExpired(grant, caveats, time);
  });
}
