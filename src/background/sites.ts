import { activeDenial } from '../permissions/denials.ts';
import { subjectKey } from '../permissions/identity.ts';
import type { Denial } from '../permissions/types.ts';
import type { Grant, Subject } from '../protocol/grant.ts';
import type { HostStatus } from '../protocol/host/host-status.ts';
import type { SiteView } from '../protocol/ui/views.ts';
import type { Clock } from '../shared/clock.ts';
import type { Sessions } from './sessions.ts';
import type { PermissionStore } from './store/permission-store.ts';
import type { SessionRecord } from './store/session-records.ts';
import type { SiteUsage, UsageLedger } from './store/usage-ledger.ts';

/** Everything known about every site, as the manager and the popup show it. */
export interface Sites {
  views(status: HostStatus | undefined): Promise<SiteView[]>;
}

interface Known {
  readonly grants: readonly Grant[];
  readonly denials: readonly Denial[];
  readonly usage: readonly SiteUsage[];
  readonly sessions: readonly SessionRecord[];
}

export interface SitesOptions {
  readonly permissions: PermissionStore;
  readonly sessions: Sessions;
  readonly ledger: UsageLedger;
  readonly now: Clock;
}

export function createSites({ permissions, sessions, ledger, now }: SitesOptions): Sites {
  async function gather(): Promise<Known> {
    const [grants, denials, usage, live] = await Promise.all([
      permissions.grants(),
      permissions.denials(),
      ledger.sites(),
      sessions.live(),
    ]);
    return { grants, denials, usage, sessions: live };
  }

  return {
    async views(status) {
      const known = await gather();
      const subjects = new Map(subjectsOf(known).map((subject) => [subjectKey(subject), subject]));
      return [...subjects.values()].map((subject) => viewOf(subject, known, status, now()));
    },
  };
}

function subjectsOf({ grants, denials, usage, sessions }: Known): Subject[] {
  const ofGrants = grants.map(({ invoker, topOrigin }) => ({ invoker, topOrigin }));
  return [...ofGrants, ...[...denials, ...usage, ...sessions].map(({ subject }) => subject)];
}

function viewOf(subject: Subject, known: Known, status: HostStatus | undefined, now: number): SiteView {
  const key = subjectKey(subject);
  const usage = known.usage.find((site) => subjectKey(site.subject) === key);
  const sessions = known.sessions.filter((session) => subjectKey(session.subject) === key);
  const running = (status?.sessions ?? []).filter(({ token }) => sessions.some((session) => session.token === token));
  const denial = activeDenial(known.denials, subject, now);
  return {
    subject,
    grants: known.grants.filter((grant) => subjectKey(grant) === key),
    ...(usage && { lastUsedAt: usage.lastUsedAt }),
    calls: usage?.calls ?? 0,
    tokens: usage?.tokens ?? 0,
    computeMs: usage?.computeMs ?? 0,
    computeMsToday: usage?.dayComputeMs ?? 0,
    sessions: sessions.length,
    active: running.reduce((sum, { active }) => sum + active, 0),
    // Documents of one site share its models, so the largest holding is the site's, and a sum would count them twice.
    residentBytes: Math.max(0, ...running.map(({ residentBytes }) => residentBytes)),
    ...(denial && { deniedUntil: denial.until }),
  };
}
