import { askOf } from '../../../permissions/ask.ts';
import { coversModels, coversPart } from '../../../permissions/decide.ts';
import { WebplatError } from '../../../protocol/errors.ts';
import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/** Opens the document's session when the user allowed some of what is asked for, now or before. */
export function handleSessionOpen({
  permits,
  sessions,
}: Pick<Services, 'permits' | 'sessions'>): ControlHandlers['session.open'] {
  return async (params, { id, activated, signal, document }) => {
    const ask = askOf(params);
    const page = document();
    // Whoever names no task means any that is allowed already, before those of a request without any.
    if (params.tasks === undefined && coversModels(await permits.usable(page), ask)) {
      return { token: await sessions.open(page) };
    }
    const grants = await permits.obtain({ id, activated, signal, document: page }, ask);
    if (!coversPart(grants, ask)) throw new WebplatError('permission-denied');
    return { token: await sessions.open(page) };
  };
}
