import { WebplatError } from '../../src/protocol/errors.ts';
import { canonicalName } from '../../src/protocol/model-name.ts';
import type { DownloadSettings } from '../../src/protocol/settings.ts';

/** What browsers tell of a connection (https://wicg.github.io/netinfo/), where they tell anything. */
interface ConnectionInfo {
  readonly saveData?: boolean;
  readonly type?: string;
}

const refused = (reason: string) => new WebplatError('download-refused', undefined, { reason });

/** @throws WebplatError `download-refused` when the settings name no pattern that the model's name fits. */
export function assertModelAllowed(name: string, { models }: DownloadSettings): void {
  const canonical = canonicalName(name);
  const fits = (pattern: string) =>
    pattern.endsWith('*') ? canonical.startsWith(pattern.slice(0, -1)) : canonical === canonicalName(pattern);
  if (!models.some(fits)) throw refused('The settings do not allow downloading this model.');
}

/** @throws WebplatError `download-refused` on a connection that costs by the byte, where the settings say so. */
export function assertConnectionAllowed({ metered }: DownloadSettings, connection = connectionInfo()): void {
  if (metered === 'allow' || !connection) return;
  if (connection.saveData || connection.type === 'cellular') {
    throw refused('The connection is metered, and the settings keep downloads off such connections.');
  }
}

function connectionInfo(): ConnectionInfo | undefined {
  return (globalThis.navigator as (Navigator & { connection?: ConnectionInfo }) | undefined)?.connection;
}

/** Spreads bytes over time: a bucket that fills at the rate of the settings and holds a quarter of a second. */
export function createThrottle(
  bytesPerS: () => number,
  now: () => number,
  wait: (ms: number) => Promise<void>,
): (bytes: number) => Promise<void> | void {
  let available = 0;
  let filledAt = now();
  return (bytes) => {
    const rate = bytesPerS();
    if (rate === 0) return;
    const at = now();
    available = Math.min(available + ((at - filledAt) / 1000) * rate, rate / 4);
    filledAt = at;
    available -= bytes;
    if (available < 0) return wait((-available / rate) * 1000);
  };
}
