import type { Subject } from '../protocol/grant.ts';
import type { PageDocuments } from './page-documents.ts';
import type { Sessions } from './sessions.ts';

/** What follows when permissions were changed in the store. */
export interface Consequences {
  /** Brings running sessions in line, then tells the documents of the subject, or of every site. */
  changed(subject: Subject | undefined): Promise<void>;
}

export function createConsequences(sessions: Sessions, documents: PageDocuments): Consequences {
  return {
    async changed(subject) {
      await sessions.refresh(subject);
      await documents.announce(subject);
    },
  };
}
