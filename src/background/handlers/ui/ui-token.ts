import { hostToken } from '../../../protocol/host/host-token.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** Stores the token first: a host that starts later is greeted with it. */
export function handleToken({ host, hubToken }: Pick<Services, 'host' | 'hubToken'>): UiHandlers['ui.token'] {
  return async ({ token }) => {
    await hubToken.update(() => token ?? '');
    await host.callIfRunning(hostToken, token === undefined ? {} : { token });
    return {};
  };
}
