import { hostSettings } from '../../../protocol/host/host-settings.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** Stores the settings first: a host that starts later is greeted with them. */
export function handleSettingsSet({
  settings,
  host,
}: Pick<Services, 'settings' | 'host'>): UiHandlers['ui.settings.set'] {
  return async (params) => {
    await settings.update(() => params);
    await host.callIfRunning(hostSettings, params);
    return {};
  };
}
