import * as v from 'valibot';
import type { StorageArea } from '../platform/storage.ts';
import { hostWarm } from '../protocol/host/host-warm.ts';
import { LIMITS } from '../protocol/limits.ts';
import { ModelName } from '../protocol/scalars.ts';
import type { StoreAct } from '../protocol/store.ts';
import type { HostLink } from './host-link.ts';
import { createCell } from './store/cell.ts';

/** Makes pinned models ready when the browser starts. */
export interface WarmStart {
  /** Notes what the user did to a model: whether it is pinned is known here without a host. */
  note(act: StoreAct): Promise<void>;
  /** Names of the models that are pinned. */
  pinned(): Promise<readonly string[]>;
  /** Loads pinned models, once in each session of the browser. Starts no host when there are none. */
  begin(): Promise<void>;
}

export interface WarmStartOptions {
  readonly local: StorageArea;
  /** Forgotten when the browser ends. */
  readonly session: StorageArea;
  readonly host: Pick<HostLink, 'callStarting'>;
}

export function createWarmStart({ local, session, host }: WarmStartOptions): WarmStart {
  const pinned = createCell({
    area: local,
    key: 'pinned',
    schema: v.pipe(v.array(ModelName), v.maxLength(LIMITS.listedNames)),
    initial: [],
  });
  const begun = createCell({ area: session, key: 'warmed', schema: v.boolean(), initial: false });
  return {
    async note({ model, act }) {
      if (act !== 'pin' && act !== 'unpin' && act !== 'remove') return;
      await pinned.update((names) => {
        const others = names.filter((name) => name !== model);
        return act === 'pin' ? [...others, model].slice(-LIMITS.listedNames) : others;
      });
    },
    pinned: () => pinned.read(),
    async begin() {
      if (await begun.read()) return;
      await begun.update(() => true);
      const models = await pinned.read();
      if (models.length > 0) await host.callStarting(hostWarm, { models });
    },
  };
}
