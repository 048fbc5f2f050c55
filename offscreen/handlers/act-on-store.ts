import type { StoreAct, StoreOutcome } from '../../src/protocol/store.ts';
import type { Logger } from '../../src/shared/logger.ts';
import type { Storage } from '../store/storage.ts';

/** Does to a model on disk what the user wants. */
export async function actOnStore(
  store: Storage,
  model: string,
  act: StoreAct['act'],
  logger: Logger,
): Promise<StoreOutcome> {
  if (act === 'fetch') {
    // It takes as long as it takes; how far it is, and how it ended, is part of the store's state.
    store.fetch(model).catch(() => logger.info('a download ended early', { model }));
    return { outcome: 'done' };
  }
  if (act === 'cancel') return { outcome: store.cancel(model) ? 'done' : 'unknown' };
  if (act === 'check') return { outcome: (await store.userFiles.check(model)) ? 'done' : 'unknown' };
  if (act === 'remove') {
    const outcome = await store.remove(model);
    return { outcome: outcome === 'removed' ? 'done' : outcome };
  }
  return { outcome: (await store.pin(model, act === 'pin')) ? 'done' : 'unknown' };
}
