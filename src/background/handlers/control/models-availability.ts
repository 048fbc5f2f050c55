import { coversPair } from '../../../permissions/ask.ts';
import { TaskName } from '../../../protocol/scalars.ts';
import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/**
 * Without a grant that names the model the answer is the same for every name, so that it tells nothing about what is
 * installed, known or loaded.
 */
export function handleModelsAvailability({
  permits,
  models,
}: Pick<Services, 'permits' | 'models'>): ControlHandlers['models.availability'] {
  return async ({ model, task }, call) => {
    const grants = await permits.usable(call.document());
    const tasks = task ? [task] : TaskName.options;
    const allowed = tasks.filter((each) =>
      grants.some(({ caveats }) => coversPair(caveats, { model, task: each }, {})),
    );
    if (allowed.length === 0) return { availability: 'needs-permission' };
    const card = (await models.all()).find(({ name }) => name === model);
    if (!card) return { availability: 'unavailable', reason: 'There is no such model.' };
    if (allowed.some((each) => card.tasks.includes(each))) return { availability: 'available' };
    return { availability: 'unavailable', reason: 'The model cannot do that.' };
  };
}
