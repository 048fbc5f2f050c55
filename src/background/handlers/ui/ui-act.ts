import { hostAct } from '../../../protocol/host/host-act.ts';
import type { Services } from '../../services.ts';
import type { UiHandlers } from './ui-handlers.ts';

/** Only the host reaches the files. */
export function handleAct({ host }: Pick<Services, 'host'>): UiHandlers['ui.act'] {
  return (params) => host.callStarting(hostAct, params);
}
