import { hostStatus } from '../../../protocol/host/host-status.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** Everything the manager shows. Looking starts no host. */
export function handleState({
  sites,
  models,
  settings,
  permissions,
  host,
  warmStart,
}: Pick<Services, 'sites' | 'models' | 'settings' | 'permissions' | 'host' | 'warmStart'>): UiHandlers['ui.state'] {
  return async () => {
    const status = await host.callIfRunning(hostStatus, {});
    return {
      sites: await sites.views(status),
      models: [...(await models.known())],
      pinned: [...(await warmStart.pinned())],
      ...(status && { host: status }),
      settings: await settings.read(),
      storeError: await permissions.isDamaged(),
    };
  };
}
