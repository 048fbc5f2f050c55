import type { Documents } from '../platform/documents.ts';
import type { Approvals } from './approvals/approvals.ts';
import type { PageDocuments } from './page-documents.ts';
import type { Services } from './services.ts';

/** What happens when a document is not there any more. */
export interface Departures {
  /** Its prompts close, its session ends, and what was allowed for this document only is over. */
  documentGone(documentId: string): Promise<void>;
  /** Finds the documents that left while no background ran. */
  sweep(): Promise<void>;
}

export interface DeparturesOptions extends Pick<Services, 'permissions' | 'sessions'> {
  readonly approvals: Approvals;
  readonly documents: PageDocuments;
  readonly reach: Pick<Documents, 'isReachable'>;
}

export function createDepartures(options: DeparturesOptions): Departures {
  const { permissions, sessions, approvals, documents, reach } = options;

  async function documentGone(documentId: string): Promise<void> {
    await sessions.end((record) => record.documentId === documentId, 'session-ended');
    await approvals.documentGone(documentId);
    await permissions.remove(({ lifetime }) => lifetime.kind === 'document' && lifetime.documentId === documentId);
    await documents.forget(documentId);
  }

  return {
    documentGone,
    async sweep() {
      const known = await documents.all();
      await Promise.all(
        known.map(async ({ tabId, documentId }) => {
          if (documents.isConnected(documentId) || (await reach.isReachable(tabId, documentId))) return;
          if (!documents.isConnected(documentId)) await documentGone(documentId);
        }),
      );
    },
  };
}
