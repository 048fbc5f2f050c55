import type { ModelCard } from '../../../protocol/model.ts';
import type { Services } from '../../services.ts';
import type { ControlHandlers } from './control-handlers.ts';

/** The models of the site's own grants: those that are here, and those that the grants name, wherever they are. */
export function handleModelsList({
  permits,
  models,
}: Pick<Services, 'permits' | 'models'>): ControlHandlers['models.list'] {
  return async (_params, call) => {
    const grants = await permits.usable(call.document());
    if (grants.length === 0) return { models: [] };
    const here = await models.all();
    const named = new Set(grants.flatMap(({ caveats }) => (caveats.models === '*' ? [] : caveats.models)));
    const everything = grants.some(({ caveats }) => caveats.models === '*');
    const listed = here.filter(({ name }) => everything || named.has(name));
    const elsewhere = [...named].filter((name) => !here.some((card) => card.name === name));
    const found = await Promise.all(elsewhere.map((name) => models.describe(name).catch(() => undefined)));
    return { models: [...listed, ...found.filter((card): card is ModelCard => card !== undefined)] };
  };
}
