import type { SiteView } from '../../protocol/ui/views.ts';
import { subjectName } from '../format/origin.ts';
import { siteState } from '../model/site.ts';

/** Sites by what they may do; each list is ordered for reading. */
export interface SiteGroups {
  readonly allowed: readonly SiteView[];
  readonly denied: readonly SiteView[];
  readonly former: readonly SiteView[];
}

/** Sorts sites into groups: running ones first, then by last use, then by name. */
export function groupSites(sites: readonly SiteView[], now: number): SiteGroups {
  const sorted = [...sites].sort(
    (a, b) =>
      Number(b.active > 0) - Number(a.active > 0) ||
      (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0) ||
      subjectName(a.subject).localeCompare(subjectName(b.subject), 'en', { numeric: true }),
  );
  const inState = (...states: string[]) => sorted.filter((site) => states.includes(siteState(site, now)));
  return { allowed: inState('allowed'), denied: inState('denied'), former: inState('former', 'unasked') };
}

/** Sites whose addresses contain every word of `search`. */
export function searchSites(sites: readonly SiteView[], search: string): readonly SiteView[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return sites;
  return sites.filter(({ subject }) => {
    const text = `${subject.invoker} ${subject.topOrigin}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
