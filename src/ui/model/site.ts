import type { SiteView } from '../../protocol/ui/views.ts';
import { caveatsOf, isInForce } from './caveats.ts';

/**
 * What a site may do now. `unasked` and `former` both hold nothing; a former site has a history.
 */
export type SiteState = 'allowed' | 'denied' | 'former' | 'unasked';

/** The state of a site at `now`. A grant counts for more than an old denial. */
export function siteState(site: SiteView, now: number): SiteState {
  if (site.grants.some((grant) => isInForce(grant, now))) return 'allowed';
  if (site.deniedUntil !== undefined && site.deniedUntil > now) return 'denied';
  return site.calls > 0 || site.lastUsedAt !== undefined || site.grants.length > 0 ? 'former' : 'unasked';
}

/** Computing time that a site may use today, over all its grants in force; undefined when it may use none. */
export function computeQuota(site: SiteView, now: number): number | undefined {
  const quotas = site.grants
    .filter((grant) => isInForce(grant, now))
    .flatMap((grant) => caveatsOf(grant)?.maxComputeMsPerDay ?? []);
  return quotas.length > 0 ? Math.max(...quotas) : undefined;
}

/** Requests running or waiting, over all sites. */
export function activeRequests(sites: readonly SiteView[]): number {
  return sites.reduce((sum, site) => sum + site.active, 0);
}
