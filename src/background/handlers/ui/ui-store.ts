import { hostStore } from '../../../protocol/host/host-store.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** What is on disk, and whether there is a token, which itself is not told. */
export function handleStore({ host, hubToken }: Pick<Services, 'host' | 'hubToken'>): UiHandlers['ui.store'] {
  return async () => ({
    ...(await host.callStarting(hostStore, {})),
    hasToken: (await hubToken.read()) !== '',
  });
}
