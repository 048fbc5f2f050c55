import type { Subject } from '../protocol/grant.ts';
import { hostSites } from '../protocol/host/host-sites.ts';
import { grantedSites } from './granted-sites.ts';
import type { HostLink } from './host-link.ts';
import type { PageDocuments } from './page-documents.ts';
import type { Sessions } from './sessions.ts';
import type { PermissionStore } from './store/permission-store.ts';

/** What follows when permissions were changed in the store. */
export interface Consequences {
  /** Brings running sessions in line, then tells the documents of the subject, or of every site. */
  changed(subject: Subject | undefined): Promise<void>;
}

/** @param host looked up at each use. */
export function createConsequences(
  sessions: Sessions,
  documents: PageDocuments,
  permissions: Pick<PermissionStore, 'grants'>,
  host: () => Pick<HostLink, 'callIfRunning'>,
): Consequences {
  return {
    async changed(subject) {
      await sessions.refresh(subject);
      await documents.announce(subject);
      // Last, because nobody waits for it: models on disk are kept for sites that may still use them.
      await host().callIfRunning(hostSites, { sites: await grantedSites(permissions) });
    },
  };
}
