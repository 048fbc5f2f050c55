import type { WebplatError, WireError } from '../../src/protocol/errors.ts';
import type { SessionTerms } from '../../src/protocol/host/host-session-start.ts';
import type { Clock } from '../../src/shared/clock.ts';
import { createExpiryWatch, type ExpiryWatch, type Later } from './expiry.ts';
import { createSession, dropRefused, endSession, replaceTerms, type Session } from './session.ts';
import { createSiteLedger, type SiteLedger, siteKey } from './site-ledger.ts';

/** The sessions that the background told this host about. */
export interface Sessions {
  get(token: string): Session | undefined;
  all(): readonly Session[];
  /** Makes a session known, or replaces the terms of a known one. */
  start(terms: SessionTerms): void;
  end(token: string, reason: WireError): boolean;
  /** Aborts what the sessions named have open and says how many requests that were. */
  stop(tokens: readonly string[], reason: WebplatError): number;
  siblings(session: Session): ReadonlySet<string>;
  /** Bytes of the tensors that all documents of the session's site keep. */
  keptBytes(session: Session): number;
}

export interface SessionsEnvironment {
  readonly now: Clock;
  readonly later: Later;
  /** Called when a grant of a session ran out, after what it alone allowed was aborted. */
  readonly onExpired: (token: string) => void;
}

export function createSessions({ now, later, onExpired }: SessionsEnvironment): Sessions {
  const sessions = new Map<string, Session>();
  const expiries = new Map<string, ExpiryWatch>();
  // Kept after a site's last session ended: closing and opening tabs must not reset its rate or its day.
  const sites = new Map<string, SiteLedger>();

  function siteOf(terms: SessionTerms): SiteLedger {
    const key = siteKey(terms.subject);
    const ledger = sites.get(key) ?? createSiteLedger();
    sites.set(key, ledger);
    ledger.adopt(terms.usedComputeMs, terms.dayEndsAt);
    return ledger;
  }

  function siblingsOf(session: Session): readonly Session[] {
    const key = siteKey(session.terms.subject);
    return [...sessions.values()].filter(({ terms }) => siteKey(terms.subject) === key);
  }

  /** The clock is watched here, because the host lives as long as its sessions and the background does not. */
  function watchExpiry(session: Session): void {
    const { token } = session;
    const watch = createExpiryWatch(now, later, () => {
      dropRefused(session, now());
      onExpired(token);
    });
    expiries.set(token, watch);
    watch.set(session.terms.grants);
  }

  return {
    get: (token) => sessions.get(token),
    all: () => [...sessions.values()],
    start(terms) {
      const known = sessions.get(terms.token);
      if (known) {
        replaceTerms(known, terms, now());
        expiries.get(terms.token)?.set(terms.grants);
        return;
      }
      const session = createSession(terms, siteOf(terms));
      sessions.set(terms.token, session);
      watchExpiry(session);
    },
    end(token, reason) {
      const session = sessions.get(token);
      if (!session) return false;
      sessions.delete(token);
      expiries.get(token)?.stop();
      expiries.delete(token);
      endSession(session, reason);
      return true;
    },
    stop(tokens, reason) {
      let aborted = 0;
      for (const token of new Set(tokens)) {
        for (const request of [...(sessions.get(token)?.open ?? [])]) {
          request.abort(reason);
          aborted += 1;
        }
      }
      return aborted;
    },
    siblings: (session) => new Set(siblingsOf(session).map(({ token }) => token)),
    keptBytes: (session) => siblingsOf(session).reduce((sum, { kept }) => sum + kept.bytes, 0),
  };
}
