import type { Services } from '../../services.ts';
import type { ReportHandlers } from './report-handlers.ts';

/** The host ended a session because its document's port closed. */
export function handleSessionClosed({ sessions }: Pick<Services, 'sessions'>): ReportHandlers['report.session-closed'] {
  return async ({ token }) => {
    await sessions.closed(token);
    return {};
  };
}
