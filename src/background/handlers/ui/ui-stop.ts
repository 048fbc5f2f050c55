import { isSameSubject } from '../../../permissions/identity.ts';
import { hostStop } from '../../../protocol/host/host-stop.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** Aborts what runs for a site, or for all; permissions stay. */
export function handleStop({ sessions, host }: Pick<Services, 'sessions' | 'host'>): UiHandlers['ui.stop'] {
  return async ({ subject }) => {
    const concerned = (await sessions.live()).filter((session) => !subject || isSameSubject(session.subject, subject));
    const tokens = concerned.map(({ token }) => token).slice(0, 1024);
    return (await host.callIfRunning(hostStop, { tokens })) ?? { aborted: 0 };
  };
}
