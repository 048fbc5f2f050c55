import * as v from 'valibot';
import type { StorageArea } from '../platform/storage.ts';
import { hostModels } from '../protocol/host/host-models.ts';
import { ModelCard } from '../protocol/model.ts';
import type { HostLink } from './host-link.ts';
import { createCell } from './store/cell.ts';

/** The models there are, as the host describes them. */
export interface ModelCards {
  /** Asks the host unless it was asked before in this browser session; an update of the extension begins a new one. */
  all(): Promise<readonly ModelCard[]>;
  /** What is known without starting the host. */
  known(): Promise<readonly ModelCard[]>;
}

export function createModelCards(area: StorageArea, host: Pick<HostLink, 'callStarting'>): ModelCards {
  const cell = createCell({ area, key: 'models', schema: v.array(ModelCard), initial: [] });
  return {
    known: cell.read,
    async all() {
      const known = await cell.read();
      if (known.length > 0) return known;
      const { models } = await host.callStarting(hostModels, {});
      return cell.update(() => models);
    },
  };
}
