import { hostUnload } from '../../../protocol/host/host-unload.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** Without a host nothing is loaded. */
export function handleModelUnload({ host }: Pick<Services, 'host'>): UiHandlers['ui.model.unload'] {
  return async (params) => (await host.callIfRunning(hostUnload, params)) ?? { unloaded: false };
}
