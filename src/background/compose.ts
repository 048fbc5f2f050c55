import { type Approvals, createApprovals } from './approvals/approvals.ts';
import { createConsequences } from './consequences.ts';
import type { Environment } from './environment.ts';
import { grantedSites } from './granted-sites.ts';
import { createHostLink } from './host-link.ts';
import { createModelCards } from './model-cards.ts';
import { createPageDocuments, type PageDocuments } from './page-documents.ts';
import { createPermits } from './permits.ts';
import { createPrompts } from './prompts.ts';
import type { Services } from './services.ts';
import { createSessions } from './sessions.ts';
import { createSites } from './sites.ts';
import { createHubTokenStore } from './store/hub-token.ts';
import { createPermissionStore } from './store/permission-store.ts';
import { createSessionRecords } from './store/session-records.ts';
import { createSettingsStore } from './store/settings-store.ts';
import { createUsageLedger } from './store/usage-ledger.ts';
import { createWarmStart } from './warm-start.ts';

export interface Composition {
  readonly services: Services;
  readonly approvals: Approvals;
  readonly documents: PageDocuments;
}

/** Puts the parts of the background together, each with no more than it needs. */
export function composeServices(environment: Environment): Composition {
  const { local, session, now } = environment;
  const permissions = createPermissionStore(environment);
  const settings = createSettingsStore(local);
  const ledger = createUsageLedger(local, now);
  const documents = createPageDocuments(environment);
  const sessions = createSessions({
    ...environment,
    records: createSessionRecords(session),
    permissions,
    ledger,
    host: () => host,
  });
  const hubToken = createHubTokenStore(local);
  const host = createHostLink({
    ...environment,
    async greeting() {
      const token = await hubToken.read();
      return { settings: await settings.read(), sites: await grantedSites(permissions), ...(token && { token }) };
    },
    onGreeting: sessions.adopt,
  });
  const models = createModelCards(session, host);
  const approvals = createApprovals({ ...environment, isConnected: documents.isConnected });
  const consequences = createConsequences(sessions, documents, permissions, () => host);
  const permits = createPermits({ permissions, approvals, models });
  const prompts = createPrompts({ ...environment, approvals, permissions, models, settings, consequences });
  const sites = createSites({ permissions, sessions, ledger, now });
  return {
    services: {
      permissions,
      permits,
      prompts,
      sessions,
      consequences,
      ledger,
      settings,
      models,
      sites,
      host,
      hubToken,
      warmStart: createWarmStart({ local, session, host }),
    },
    approvals,
    documents,
  };
}
