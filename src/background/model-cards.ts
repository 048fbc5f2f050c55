import * as v from 'valibot';
import type { StorageArea } from '../platform/storage.ts';
import { hostDescribe } from '../protocol/host/host-describe.ts';
import { hostModels } from '../protocol/host/host-models.ts';
import { ModelCard } from '../protocol/model.ts';
import { canonicalName } from '../protocol/model-name.ts';
import type { HostLink } from './host-link.ts';
import { createCell } from './store/cell.ts';

/** The models there are, as the host describes them. */
export interface ModelCards {
  /** Those that are on this computer. */
  all(): Promise<readonly ModelCard[]>;
  /** The same without starting the host: where none runs, what was known when somebody asked last. */
  known(): Promise<readonly ModelCard[]>;
  /** Any model by name, looked up where it comes from if it is not here; undefined when there is none. */
  describe(name: string): Promise<ModelCard | undefined>;
}

/** A model that only the user's token shows, before the token may be used for the site that asks. */
export function privateCard(name: string): ModelCard {
  return {
    name,
    title: name.slice(0, 128),
    description: 'Not public, if there is such a model at all: it is looked up with your token once you allow it.',
    licence: 'unknown',
    tasks: ['text-generation', 'tensors'],
    source: 'hub',
    diskBytes: 0,
    downloadBytes: 0,
    residentBytes: 0,
  };
}

export function createModelCards(
  area: StorageArea,
  host: Pick<HostLink, 'callStarting' | 'callIfRunning'>,
): ModelCards {
  const cell = createCell({ area, key: 'models', schema: v.array(ModelCard), initial: [] });

  async function all(): Promise<readonly ModelCard[]> {
    const { models } = await host.callStarting(hostModels, {});
    return cell.update(() => models);
  }

  return {
    async known() {
      // Not kept: who shows this is told of every change of the storage, and would ask again.
      const running = await host.callIfRunning(hostModels, {}).catch(() => undefined);
      return running?.models ?? cell.read();
    },
    all,
    async describe(name) {
      const canonical = canonicalName(name);
      const known = await cell.read();
      const here = (known.length > 0 ? known : await all()).find((card) => card.name === canonical);
      if (here?.source === 'packaged') return here;
      const { card, isPrivate } = await host.callStarting(hostDescribe, { model: canonical });
      return isPrivate ? privateCard(canonical) : card;
    },
  };
}
