import type { Services } from '../../services.ts';
import type { ReportHandlers } from './report-handlers.ts';

/** Adds what sessions used to the persistent counters of their sites. */
export function handleUsage({
  ledger,
  sessions,
  permissions,
}: Pick<Services, 'ledger' | 'sessions' | 'permissions'>): ReportHandlers['report.usage'] {
  return async (report) => {
    const subjects = await sessions.subjects();
    await ledger.add(report, (token) => subjects.get(token));
    await permissions.noteTime();
    return {};
  };
}
