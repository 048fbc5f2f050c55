import { hostJob } from '../../../protocol/host/host-job.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** Without a host nothing is under way. */
export function handleJob({ host }: Pick<Services, 'host'>): UiHandlers['ui.job'] {
  return async (params) => (await host.callIfRunning(hostJob, params)) ?? { known: false };
}
