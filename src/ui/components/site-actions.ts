import type { Subject } from '../../protocol/grant.ts';
import type { SiteView } from '../../protocol/ui/views.ts';
import type { UiClient } from '../client.ts';
import { formatPlural } from '../format/numbers.ts';
import { subjectName } from '../format/origin.ts';
import type { Action } from './use-action.ts';

/** What the user does to sites, from the popup and from the manager; each says when it is done. */
export interface SiteActions {
  /** Ends what runs for a site, or for all. */
  stop(subject?: Subject): void;
  revoke(site: SiteView): void;
  letAskAgain(subject: Subject): void;
}

export function createSiteActions(client: UiClient, { run }: Action): SiteActions {
  return {
    stop: (subject) =>
      void run(
        () => client.stop(subject),
        (count) => `Stopped ${formatPlural(count, 'request')}.`,
      ),
    revoke: (site) =>
      void run(
        () => client.revoke(site.grants.map(({ id }) => id)),
        () => `Revoked the permission of ${subjectName(site.subject)}.`,
      ),
    letAskAgain: (subject) =>
      void run(
        () => client.clearDenial(subject),
        () => `${subjectName(subject)} may ask again.`,
      ),
  };
}
