import type { StoreView, UiState } from '../client.ts';
import { activeRequests } from './site.ts';

const RUNNING_MS = 1000;
const RESIDENT_MS = 2000;

/** How soon the disk is worth looking at again: every second while something is downloaded, checked or imported. */
export const storePaceMs = ({ downloads, jobs }: Pick<StoreView, 'downloads' | 'jobs'>): number | undefined =>
  downloads.some(({ error }) => error === undefined) || jobs.some(({ state }) => state === 'running')
    ? RUNNING_MS
    : undefined;

/**
 * How soon figures are worth fetching again without a notification: every second while something runs; now and then while
 * a host is there, where a request may start without anything being stored; never while there is none.
 */
export function paceMs({ sites, host }: Pick<UiState, 'sites' | 'host'>): number | undefined {
  if (!host) return undefined;
  const moving = host.residents.some((model) => model.state !== 'ready' || model.active > 0);
  return moving || activeRequests(sites) > 0 ? RUNNING_MS : RESIDENT_MS;
}
