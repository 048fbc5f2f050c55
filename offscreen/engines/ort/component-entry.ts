import { abortable } from '../../../src/shared/abort.ts';
import type { ComponentName } from '../../families/family.ts';
import type { AdaptedLayers, AdaptedProduct } from '../../graphs/build/adapted.ts';
import type { Storage } from '../../graphs/graph.ts';
import type { MemoryUse } from '../engine.ts';
import type { PlannedComponent } from './plan.ts';

/** A component in memory, ready to run. */
export interface OpenComponent<Session> {
  readonly planned: PlannedComponent;
  readonly session: Session;
}

/** A component that is in memory, or on its way there. Only `createComponents` changes it. */
export interface Entry<Session> {
  readonly name: ComponentName;
  readonly ready: Promise<OpenComponent<Session>>;
  readonly abort: AbortController;
  readonly memory: MemoryUse;
  /** What of it adapters can change. */
  readonly products: readonly AdaptedProduct[];
  open?: OpenComponent<Session>;
  waiters: number;
  /** Requests that need it now, those that wait for it included. */
  users: number;
  /** When it was last asked for: what is wanted latest is wanted most. */
  urgency: number;
  /** What adapters could change when it was last found to be written for them. */
  adapted: AdaptedLayers | undefined;
  /** Requests that wait for it to be unused, so that it can be written anew; who comes meanwhile waits behind them. */
  awaited: number;
  /** Called when the last user has left, or nobody waits for that any more: whoever waits looks again. */
  readonly onUnused: (() => void)[];
}

export function tellWaiting({ onUnused }: Pick<Entry<unknown>, 'onUnused'>): void {
  for (const tell of onUnused.splice(0)) tell();
}

/**
 * Settles when nobody uses a component any more, or there may be no need to wait for that.
 *
 * @param changed whether it is waited for so that it can be written anew
 */
export async function waitUntilUnused(entry: Entry<unknown>, signal: AbortSignal, changed: boolean): Promise<void> {
  if (changed) entry.awaited += 1;
  try {
    const settled = () => {};
    if (!entry.open) await abortable(entry.ready.then(settled, settled), signal);
    if (entry.users === 0 || entry.awaited === 0) return;
    await abortable(new Promise<void>((resolve) => entry.onUnused.push(resolve)), signal);
  } finally {
    if (changed) {
      entry.awaited -= 1;
      if (entry.awaited === 0) tellWaiting(entry);
    }
  }
}

/** Whether what can be changed of a component includes all that adapters want to change. */
export const reaches = (products: readonly AdaptedProduct[], wanted: readonly AdaptedProduct[]): boolean =>
  wanted.every((product) => products.some((p) => p.name === product.name && (p.replaced || !product.replaced)));

/** A way of storing in which adapters can change layers. */
export const adaptable = (storage: Storage, adapted: AdaptedLayers | undefined): Storage =>
  adapted && adapted.size > 0 ? { ...storage, adapted } : storage;
