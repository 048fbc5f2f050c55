import type { Logger } from '../../src/shared/logger.ts';
import type { Pool } from '../pool/pool.ts';
import type { ModelSource } from '../store/manifest.ts';

/** Holds models that are loaded ahead, for as long as loading takes; no session has such a token. */
const HOLDER = 'warm';

export interface WarmEnvironment {
  readonly source: Pick<ModelSource, 'list'>;
  readonly pool: Pick<Pool, 'acquire'>;
  readonly logger: Logger;
}

/**
 * Loads models before anybody asks for them, one after the other: those of `names` whose files are all here, as far as memory
 * is free. Nothing is downloaded for it and nothing leaves memory for it; one that does not load stays for the first request.
 */
export async function warmModels(
  { source, pool, logger }: WarmEnvironment,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const here = (await source.list()).filter(({ card }) => names.includes(card.name) && card.downloadBytes === 0);
  for (const manifest of here) {
    const [task] = manifest.card.tasks;
    if (signal.aborted || task === undefined || task === 'tensors') continue;
    try {
      const lease = await pool.acquire(manifest, { holder: HOLDER, use: { task }, signal, onlyIntoFree: true });
      lease.release();
    } catch (error) {
      logger.info('a model was not made ready ahead', { model: manifest.card.name, error: String(error) });
    }
  }
}
