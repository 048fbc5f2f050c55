import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/** The models of the site's own grants. */
export function handleModelsList({
  permits,
  models,
}: Pick<Services, 'permits' | 'models'>): ControlHandlers['models.list'] {
  return async (_params, call) => {
    const grants = await permits.usable(call.document());
    if (grants.length === 0) return { models: [] };
    const allowed = (name: string) =>
      grants.some(({ caveats }) => caveats.models === '*' || caveats.models.includes(name));
    return { models: (await models.all()).filter(({ name }) => allowed(name)) };
  };
}
