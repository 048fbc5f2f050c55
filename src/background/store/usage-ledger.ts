import * as v from 'valibot';
import { isSameSubject, subjectKey } from '../../permissions/identity.ts';
import type { StorageArea } from '../../platform/storage.ts';
import { Subject } from '../../protocol/grant.ts';
import type { UsageEntry } from '../../protocol/report/report-usage.ts';
import { Count, DurationMs, Timestamp, Token } from '../../protocol/scalars.ts';
import type { Clock } from '../../shared/clock.ts';
import { createCell } from './cell.ts';

const DAY_MS = 86_400_000;
/** Hosts whose report numbers are remembered; there is one at a time. */
const REMEMBERED_HOSTS = 4;

const SiteUsage = v.strictObject({
  subject: Subject,
  calls: Count,
  tokens: Count,
  computeMs: DurationMs,
  lastUsedAt: Timestamp,
  /** Days since the epoch (UTC) that `dayComputeMs` belongs to. */
  day: Count,
  dayComputeMs: DurationMs,
});
export type SiteUsage = v.InferOutput<typeof SiteUsage>;

const Ledger = v.strictObject({
  sites: v.record(v.string(), SiteUsage),
  /** The last report taken of each host; stored with the counters, so that a report counts exactly once. */
  reports: v.array(v.strictObject({ instance: Token, seq: Count })),
  /** The day whose counters were lost: until it ends, every allowance of device time counts as used up. */
  lostDay: v.optional(Count),
});
type Ledger = v.InferOutput<typeof Ledger>;

export interface UsageReport {
  readonly instance: string;
  readonly seq: number;
  readonly entries: readonly UsageEntry[];
}

/** Persistent counters of every site; numbers only. */
export interface UsageLedger {
  /** Adds a report unless it was added before; entries of sessions that `subjectOf` does not know are left out. */
  add(report: UsageReport, subjectOf: (token: string) => Subject | undefined): Promise<void>;
  sites(): Promise<readonly SiteUsage[]>;
  /** Device time a site has used today, and when today ends. */
  today(subject: Subject): Promise<{ usedComputeMs: number; dayEndsAt: number }>;
}

export function createUsageLedger(area: StorageArea, now: Clock): UsageLedger {
  const initial = { sites: {}, reports: [] };
  const cell = createCell({
    area,
    key: 'usage',
    schema: Ledger,
    initial,
    whenDamaged: () => ({ ...initial, lostDay: dayOf(now()) }),
  });
  return {
    async add(report, subjectOf) {
      await cell.update((ledger) => addReport(ledger, report, subjectOf, now()));
    },
    sites: async () => Object.values((await cell.read()).sites).map((site) => turnDay(site, now())),
    async today(subject) {
      const { sites, lostDay = -1 } = await cell.read();
      const dayEndsAt = (dayOf(now()) + 1) * DAY_MS;
      if (dayOf(now()) <= lostDay) return { usedComputeMs: DAY_MS, dayEndsAt };
      const site = Object.values(sites).find((known) => isSameSubject(known.subject, subject));
      const usedComputeMs = site ? turnDay(site, now()).dayComputeMs : 0;
      return { usedComputeMs, dayEndsAt };
    },
  };
}

const dayOf = (now: number): number => Math.floor(now / DAY_MS);

/** Starts a new day's count when one has begun. A clock that went back a day gives no fresh allowance. */
function turnDay(site: SiteUsage, now: number): SiteUsage {
  const day = dayOf(now);
  return { ...site, day, dayComputeMs: day > site.day ? 0 : site.dayComputeMs };
}

function addReport(
  ledger: Ledger,
  { instance, seq, entries }: UsageReport,
  subjectOf: (token: string) => Subject | undefined,
  now: number,
): Ledger {
  const known = ledger.reports.find((report) => report.instance === instance);
  if (known && seq <= known.seq) return ledger;
  const sites = { ...ledger.sites };
  for (const entry of entries) {
    const subject = subjectOf(entry.token);
    if (!subject) continue;
    const key = subjectKey(subject);
    sites[key] = addEntry(sites[key] ?? emptySite(subject, now), entry, now);
  }
  const others = ledger.reports.filter((report) => report.instance !== instance);
  return { ...ledger, sites, reports: [...others, { instance, seq }].slice(-REMEMBERED_HOSTS) };
}

function emptySite(subject: Subject, now: number): SiteUsage {
  return { subject, calls: 0, tokens: 0, computeMs: 0, lastUsedAt: now, day: dayOf(now), dayComputeMs: 0 };
}

function addEntry(site: SiteUsage, { calls, tokens, computeMs }: UsageEntry, now: number): SiteUsage {
  const today = turnDay(site, now);
  return {
    ...today,
    calls: today.calls + calls,
    tokens: today.tokens + tokens,
    computeMs: today.computeMs + computeMs,
    dayComputeMs: today.dayComputeMs + computeMs,
    lastUsedAt: now,
  };
}
