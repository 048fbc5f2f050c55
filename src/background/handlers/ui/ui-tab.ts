import { subjectKey } from '../../../permissions/identity.ts';
import { hostStatus } from '../../../protocol/host/host-status.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** The sites that matter in one tab: those with a session in it, and the one whose page it shows. */
export function handleTab({
  sites,
  sessions,
  host,
}: Pick<Services, 'sites' | 'sessions' | 'host'>): UiHandlers['ui.tab'] {
  return async ({ tabId, origin }) => {
    const here = (await sessions.live()).filter((session) => session.tabId === tabId);
    const keys = new Set(here.map(({ subject }) => subjectKey(subject)));
    const views = await sites.views(await host.callIfRunning(hostStatus, {}));
    const isShown = ({ invoker, topOrigin }: { invoker: string; topOrigin: string }) =>
      origin !== undefined &&
      topOrigin === origin &&
      (invoker === origin || keys.has(subjectKey({ invoker, topOrigin })));
    return { sites: views.filter(({ subject }) => keys.has(subjectKey(subject)) || isShown(subject)) };
  };
}
