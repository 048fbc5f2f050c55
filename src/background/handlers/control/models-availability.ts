import { coversPair } from '../../../permissions/ask.ts';
import { WebplatError } from '../../../protocol/errors.ts';
import { hostStatus } from '../../../protocol/host/host-status.ts';
import type { ModelCard } from '../../../protocol/model.ts';
import { canonicalName } from '../../../protocol/model-name.ts';
import { TaskName } from '../../../protocol/scalars.ts';
import { memoryVerdict } from '../../memory-verdict.ts';
import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/**
 * Without a grant that names the model the answer is the same for every name, so that it tells nothing about what is
 * installed, known or loaded. With one it tells what would have to happen first, and of memory only what the site holds itself.
 */
export function handleModelsAvailability({
  permits,
  models,
  sessions,
  host,
  settings,
}: Pick<Services, 'permits' | 'models' | 'sessions' | 'host' | 'settings'>): ControlHandlers['models.availability'] {
  async function isHeld(documentId: string, name: string): Promise<boolean> {
    const session = (await sessions.live()).find((record) => record.documentId === documentId);
    const status = session && (await host.callIfRunning(hostStatus, {}));
    return status?.sessions.some(({ token, models: held }) => token === session?.token && held.includes(name)) ?? false;
  }

  async function lookUp(name: string): Promise<ModelCard | { readonly reason: string }> {
    try {
      return (await models.describe(name)) ?? { reason: 'There is no such model.' };
    } catch (error) {
      if (!(error instanceof WebplatError)) throw error;
      return { reason: error.data?.reason ?? error.message };
    }
  }

  return async ({ model, task }, call) => {
    const page = call.document();
    const grants = await permits.usable(page);
    const tasks = task ? [task] : TaskName.options;
    const allowed = tasks.filter((each) =>
      grants.some(({ caveats }) => coversPair(caveats, { model, task: each }, {})),
    );
    if (allowed.length === 0) return { availability: 'needs-permission' };
    const card = await lookUp(model);
    if ('reason' in card) return { availability: 'unavailable', reason: card.reason };
    if (!allowed.some((each) => card.tasks.includes(each))) {
      return { availability: 'unavailable', reason: 'The model cannot do that.' };
    }
    // What is in memory already is there, whatever the budget has become since.
    if (await isHeld(page.documentId, canonicalName(model))) return { availability: 'ready' };
    const verdict = memoryVerdict(card, await settings.read());
    if (verdict.fits === 'no') return { availability: 'unavailable', reason: verdict.reason };
    const how = verdict.fits === 'streamed' ? ({ streamed: true } as const) : {};
    if (card.downloadBytes > 0) return { availability: 'downloadable', bytes: card.downloadBytes, ...how };
    return { availability: 'on-disk', ...how };
  };
}
