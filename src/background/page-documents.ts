import * as v from 'valibot';
import { isSameSubject } from '../permissions/identity.ts';
import type { Asker } from '../permissions/types.ts';
import { Subject } from '../protocol/grant.ts';
import type { DataPort } from '../shared/port.ts';
import type { Environment } from './environment.ts';
import { createCell } from './store/cell.ts';

/** A document that called since the browser started, as the browser described it. */
export interface PageDocument extends Asker {
  readonly tabId: number;
}

const KnownDocument = v.strictObject({
  documentId: v.string(),
  tabId: v.number(),
  subject: Subject,
  isFrame: v.boolean(),
});

/** Documents that are remembered at once. */
const MAX_DOCUMENTS = 1024;

/** Too many: the oldest of the tab with the most gives way, so that a page full of frames forgets its own. */
function makeRoom<T extends { readonly tabId: number }>(known: T[]): T[] {
  if (known.length <= MAX_DOCUMENTS) return known;
  const counts = new Map<number, number>();
  for (const { tabId } of known) counts.set(tabId, (counts.get(tabId) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const leaving = known.findIndex(({ tabId }) => counts.get(tabId) === most);
  return known.filter((_, at) => at !== leaving);
}

/** The documents that have something to do with this extension, and their ports while they are open. */
export interface PageDocuments {
  /** Remembers a document and its port. A second port replaces the first. */
  connect(document: PageDocument, port: DataPort): Promise<void>;
  /** Forgets a port; true when it was the document's, which has gone or is asleep now. */
  disconnect(documentId: string, port: DataPort): boolean;
  isConnected(documentId: string): boolean;
  forget(documentId: string): Promise<void>;
  all(): Promise<readonly PageDocument[]>;
  /** Tells every document of a subject, or of all, that permissions changed. */
  announce(subject: Subject | undefined): Promise<void>;
}

const CHANGED = { kind: 'event', event: 'permissions-changed' } as const;

export function createPageDocuments({ session, documents }: Pick<Environment, 'session' | 'documents'>): PageDocuments {
  const cell = createCell({ area: session, key: 'documents', schema: v.array(KnownDocument), initial: [] });
  const ports = new Map<string, DataPort>();

  async function tell({ documentId, tabId }: PageDocument): Promise<void> {
    try {
      const port = ports.get(documentId);
      if (port) return port.post(CHANGED);
    } catch {
      // The document has gone and the browser has not said so yet; it keeps nobody else from hearing.
    }
    await documents.send(tabId, documentId, { channel: 'webplat.event', envelope: CHANGED });
  }

  return {
    async connect({ documentId, tabId, subject, isFrame }, port) {
      ports.set(documentId, port);
      await cell.update((known) =>
        known.some((document) => document.documentId === documentId)
          ? known
          : makeRoom([...known, { documentId, tabId, subject, isFrame }]),
      );
    },
    disconnect(documentId, port) {
      if (ports.get(documentId) !== port) return false;
      ports.delete(documentId);
      return true;
    },
    isConnected: (documentId) => ports.has(documentId),
    async forget(documentId) {
      await cell.update((known) =>
        known.some((document) => document.documentId === documentId)
          ? known.filter((document) => document.documentId !== documentId)
          : known,
      );
    },
    all: cell.read,
    async announce(subject) {
      const known = await cell.read();
      await Promise.all(known.filter((document) => !subject || isSameSubject(document.subject, subject)).map(tell));
    },
  };
}
