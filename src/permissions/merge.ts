import { CAVEAT_TYPES, type CaveatValues, type Grant, type Lifetime } from '../protocol/grant.ts';
import { caveatsOf, isCaveatWithin, isWithin, joinCaveat, toCaveats } from './caveats.ts';
import { isSameSubject } from './identity.ts';

/**
 * One set of caveats that allows exactly what `a` or `b` allows, or undefined when there is none. Two sets that differ
 * in one caveat join exactly; where they differ in two, a joint set would allow combinations that nobody agreed to.
 */
export function mergeCaveats(a: CaveatValues, b: CaveatValues): CaveatValues | undefined {
  if (isWithin(a, b)) return b;
  if (isWithin(b, a)) return a;
  const [differing, ...others] = CAVEAT_TYPES.filter(
    (type) => !(isCaveatWithin(type, a, b) && isCaveatWithin(type, b, a)),
  );
  return differing === undefined || others.length > 0 ? undefined : joinCaveat(differing, a, b);
}

function isSameLifetime(a: Lifetime, b: Lifetime): boolean {
  return a.kind === b.kind && (a.kind !== 'document' || b.kind !== 'document' || a.documentId === b.documentId);
}

/** The older grant, widened by the newer one, when that allows nothing more than both do. */
function mergeGrants(older: Grant, newer: Grant): Grant | undefined {
  if (!isSameSubject(older, newer) || !isSameLifetime(older.lifetime, newer.lifetime)) return undefined;
  const [a, b] = [caveatsOf(older), caveatsOf(newer)];
  const merged = a && b && mergeCaveats(a, b);
  return merged && { ...older, caveats: toCaveats(merged), date: Math.max(older.date, newer.date) };
}

/** The grants with one more, folded together as far as that never allows more than each of them alone. */
export function addGrant(grants: readonly Grant[], added: Grant): Grant[] {
  for (const grant of grants) {
    const merged = mergeGrants(grant, added);
    if (!merged) continue;
    const others = grants.filter((other) => other !== grant);
    return addGrant(others, merged);
  }
  return [...grants, added];
}
