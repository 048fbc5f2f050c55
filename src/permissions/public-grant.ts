import type { PublicGrant } from '../protocol/grant.ts';
import { toCaveats } from './caveats.ts';
import type { UsableGrant } from './decide.ts';

/** What a page may know of a grant: no identifiers, and nothing about other pages. */
export function publicGrant({ grant, caveats }: UsableGrant): PublicGrant {
  return {
    parentCapability: grant.parentCapability,
    caveats: toCaveats(caveats),
    date: grant.date,
    lasts: grant.lifetime.kind,
  };
}
