import { caveatsOf, isExpired } from '../permissions/caveats.ts';
import { type UsableGrant, usableGrants } from '../permissions/decide.ts';
import { isSameSubject } from '../permissions/identity.ts';
import { ERRORS, type ErrorCode, WebplatError, type WireError } from '../protocol/errors.ts';
import type { Subject } from '../protocol/grant.ts';
import { hostSessionEnd } from '../protocol/host/host-session-end.ts';
import { hostSessionStart } from '../protocol/host/host-session-start.ts';
import { createMutex } from '../shared/mutex.ts';
import type { Environment } from './environment.ts';
import { type HostGreeting, type HostLink, isDisconnected } from './host-link.ts';
import type { PageDocument } from './page-documents.ts';
import type { Cell } from './store/cell.ts';
import type { PermissionStore } from './store/permission-store.ts';
import { markEnded, type SessionRecord } from './store/session-records.ts';
import type { UsageLedger } from './store/usage-ledger.ts';

/** The sessions of all documents: at most one each, as wide as the grants its document may use. */
export interface Sessions {
  /**
   * Opens the session of a document or brings its terms up to date.
   *
   * @throws {@link WebplatError} `permission-denied` when no grant is left that the document may use.
   */
  open(document: PageDocument): Promise<string>;
  /** Tells the host what permissions mean now for the sessions of a subject, or of all; some may end by it. */
  refresh(subject: Subject | undefined): Promise<void>;
  end(which: (record: SessionRecord) => boolean, reason: ErrorCode): Promise<void>;
  /** The host ended it, because its document's port closed. */
  closed(token: string): Promise<void>;
  /** Reconciles with what a host says it knows. */
  adopt(greeting: HostGreeting): Promise<void>;
  live(): Promise<readonly SessionRecord[]>;
  /** The subject of a session that is open, or ended not long ago. */
  subjects(): Promise<ReadonlyMap<string, Subject>>;
}

export interface SessionsOptions extends Pick<Environment, 'now' | 'newToken' | 'setBadge'> {
  readonly records: Cell<SessionRecord[]>;
  readonly permissions: PermissionStore;
  readonly ledger: UsageLedger;
  /** Looked up at each use: the link greets hosts with the help of these sessions. */
  readonly host: () => HostLink;
}

export function createSessions(options: SessionsOptions): Sessions {
  const { records, permissions, ledger, host, now, newToken } = options;
  // Terms are read from the store and told to the host in one piece: a withdrawal is never overtaken by older terms.
  const telling = createMutex();

  const live = async () => (await records.read()).filter(({ ended }) => !ended);

  async function usable(record: SessionRecord | PageDocument): Promise<UsableGrant[]> {
    return usableGrants(record, await permissions.grants(), await permissions.time());
  }

  async function tell(record: SessionRecord, grants: readonly UsableGrant[]): Promise<void> {
    const { token, subject } = record;
    const today = await ledger.today(subject);
    await host().call(hostSessionStart, {
      token,
      subject,
      grants: grants.slice(0, 64).map(({ caveats }) => caveats),
      ...today,
    });
    await remember({ ...record, grantIds: grants.map(({ grant }) => grant.id) });
  }

  async function remember(record: SessionRecord): Promise<void> {
    await records.update((all) =>
      all.some(({ token }) => token === record.token)
        ? all.map((other) => (other.token === record.token ? { ...record, ended: other.ended } : other))
        : [...all, record],
    );
  }

  async function openOnce(document: PageDocument): Promise<string> {
    const { subject, documentId, tabId, isFrame } = document;
    const known = (await live()).find((record) => record.documentId === documentId);
    const grants = await usable(document);
    if (grants.length === 0) throw new WebplatError('permission-denied');
    const record = known ?? {
      token: newToken(),
      subject,
      documentId,
      tabId,
      isFrame,
      grantIds: [],
      openedAt: now(),
      ended: false,
    };
    if (!known) await remember(record);
    await tell(record, grants);
    // A host that was greeted meanwhile was a new one, and did not know the token yet.
    if (!(await live()).some(({ token }) => token === record.token)) throw new WebplatError('disconnected');
    return record.token;
  }

  /** Ends sessions here first, so that nothing can be attached to them, and then at the host. */
  async function endAll(which: (record: SessionRecord) => boolean, code: ErrorCode): Promise<void> {
    const ending = (await live()).filter(which);
    if (ending.length === 0) return;
    const tokens = new Set(ending.map(({ token }) => token));
    await records.update((all) => markEnded(all, ({ token }) => tokens.has(token)));
    const reason = { code, message: ERRORS[code].remedy };
    await Promise.all(ending.map(({ token }) => endAtHost(token, reason)));
    await showBadges(ending);
  }

  /** Without a greeting, which would end the session as an unknown one, for a reason that is not the true one. */
  async function endAtHost(token: string, reason: WireError): Promise<void> {
    try {
      await host().call(hostSessionEnd, { token, reason });
    } catch (error) {
      if (!isDisconnected(error)) throw error;
    }
  }

  async function refreshOne(record: SessionRecord): Promise<void> {
    const grants = await usable(record);
    if (grants.length === 0) {
      await endAll(({ token }) => token === record.token, await lossOf(record));
      return;
    }
    try {
      await tell(record, grants);
    } catch (error) {
      if (!isDisconnected(error)) throw error;
      await records.update((all) => markEnded(all, ({ token }) => token === record.token));
    }
  }

  /** Why a session has no grant left: one of them ran out, or they were withdrawn, or now keep its frame out. */
  async function lossOf({ grantIds }: SessionRecord): Promise<ErrorCode> {
    const time = await permissions.time();
    const ranOut = (await permissions.grants()).some((grant) => {
      const caveats = grantIds.includes(grant.id) ? caveatsOf(grant) : undefined;
      return caveats !== undefined && isExpired(grant, caveats, time);
    });
    return ranOut ? 'permission-expired' : 'permission-revoked';
  }

  async function showBadges(changed: readonly SessionRecord[]): Promise<void> {
    const open = await live();
    const tabs = new Set(changed.map(({ tabId }) => tabId));
    await Promise.all([...tabs].map((tab) => options.setBadge(tab, open.filter(({ tabId }) => tabId === tab).length)));
  }

  const sessions: Sessions = {
    live,
    async open(document) {
      for (let attempt = 1; ; attempt += 1) {
        await host().ready();
        try {
          const token = await telling.run(() => openOnce(document));
          await showBadges((await live()).filter((record) => record.token === token));
          return token;
        } catch (error) {
          if (!isDisconnected(error) || attempt === 2) throw error;
        }
      }
    },
    async refresh(subject) {
      await telling.run(async () => {
        const affected = (await live()).filter((record) => !subject || isSameSubject(record.subject, subject));
        await Promise.all(affected.map(refreshOne));
      });
    },
    end: (which, reason) => telling.run(() => endAll(which, reason)),
    // Told to the host all the same: it may have been asked for this very session again since it ended it.
    closed: (token) => telling.run(() => endAll((record) => record.token === token, 'session-ended')),
    adopt: ({ sessions: running }) =>
      telling.run(async () => {
        const known = new Set((await live()).map(({ token }) => token));
        // A session that began after the host had answered is ended too, on both sides, rather than on this one alone.
        await endAll(({ token }) => !running.includes(token), 'session-ended');
        const reason = { code: 'session-ended', message: ERRORS['session-ended'].remedy } as const;
        const strays = running.filter((token) => !known.has(token));
        await Promise.all(strays.map((token) => endAtHost(token, reason)));
      }),
    subjects: async () => new Map((await records.read()).map(({ token, subject }) => [token, subject])),
  };
  return sessions;
}
