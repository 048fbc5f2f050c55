import { hostAct } from '../../../protocol/host/host-act.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** Only the host reaches the files. */
export function handleAct({ host, warmStart }: Pick<Services, 'host' | 'warmStart'>): UiHandlers['ui.act'] {
  return async (params) => {
    const outcome = await host.callStarting(hostAct, params);
    if (outcome.outcome === 'done') await warmStart.note(params);
    return outcome;
  };
}
