import { WebplatError } from '../../../protocol/errors.ts';
import { hostStatus } from '../../../protocol/host/host-status.ts';
import { TaskName } from '../../../protocol/scalars.ts';
import type { ControlCall } from '../../page-ports.ts';
import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/** Answers everybody; only a site with a grant learns about the device. */
export function handleCapabilities({
  permits,
  host,
}: Pick<Services, 'permits' | 'host'>): ControlHandlers['capabilities'] {
  const isGranted = async (call: ControlCall): Promise<boolean> => {
    try {
      return (await permits.usable(call.document())).length > 0;
    } catch (error) {
      if (error instanceof WebplatError && error.code === 'origin-refused') return false;
      throw error;
    }
  };
  return async (_params, call) => {
    const granted = await isGranted(call);
    const found = granted ? (await host.callStarting(hostStatus, {})).tiers : [];
    // Hardly any browser has WebNN, which tells computers apart: who wants it names it in a request, and is told then.
    return { granted, tasks: [...TaskName.options], tiers: found.filter((tier) => tier !== 'webnn') };
  };
}
