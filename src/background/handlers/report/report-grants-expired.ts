import type { Services } from '../../services.ts';
import type { ReportHandlers } from './report-handlers.ts';

/** The host has the timers, because it lives as long as its sessions do; what follows from a grant's end is decided here. */
export function handleGrantsExpired({
  sessions,
  consequences,
}: Pick<Services, 'sessions' | 'consequences'>): ReportHandlers['report.grants-expired'] {
  return async ({ token }) => {
    const subject = (await sessions.subjects()).get(token);
    if (subject) await consequences.changed(subject);
    return {};
  };
}
